package lock

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Take(t.Context(), path, func() { t.Error("the first one waits") })
	if err != nil {
		t.Fatal(err)
	}
	var freed atomic.Bool
	waiting, got := make(chan struct{}), make(chan error, 1)
	go func() {
		again, err := Take(t.Context(), path, func() { close(waiting) })
		if err == nil {
			if !freed.Load() {
				err = errors.New("it has the lock at the same time")
			}
			again()
		}
		got <- err
	}()
	<-waiting
	freed.Store(true)
	release()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Take(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Take(ctx, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	if _, err := Take(t.Context(), filepath.Join(path, "below a file"), func() {}); err == nil {
		t.Error("a lock where none can be")
	}
}
