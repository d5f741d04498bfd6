package memory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"pgregory.net/rapid"
)

func open(t *testing.T) *Service {
	t.Helper()
	s, err := Open(root.Dir(t.TempDir()), "demo")
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever tokens come in whatever order, one is taken exactly when none before it
// was higher.
func TestFence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s, err := Open(root.Dir(dir), fmt.Sprint("s", n))
		if err != nil {
			t.Fatal(err)
		}
		highest := int64(0)
		for _, token := range rapid.SliceOfN(rapid.Int64Range(0, 5), 1, 8).Draw(t, "tokens") {
			err := s.Fence(token)
			if stale := token < highest; errors.Is(err, ErrStale) != stale || (err != nil) != stale {
				t.Fatalf("token %d after %d: %v", token, highest, err)
			}
			highest = max(highest, token)
		}
		if seen, err := s.Token(); err != nil || seen != highest {
			t.Fatalf("seen %d, %v; expected %d", seen, err, highest)
		}
	})
}

func TestFenceRefusesNonsense(t *testing.T) {
	t.Parallel()
	s := open(t)
	must(t, os.WriteFile(s.path("token"), []byte("x"), 0o600))
	if err := s.Fence(9); err == nil || !strings.Contains(err.Error(), "must hold a number") {
		t.Fatalf("error: %v", err)
	}
}

func TestLockIsHeldByOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := Call{"r1", 1, host.Update}
	unlock, err := s.Lock(t.Context(), first, 0)
	must(t, err)
	_, err = s.Lock(t.Context(), Call{"r2", 1, host.Update}, time.Millisecond)
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "r1-1-update") {
		t.Fatalf("another call: %v", err)
	}
	// The same call waits however long it takes.
	var waiting sync.WaitGroup
	waiting.Go(func() {
		again, err := s.Lock(context.WithoutCancel(t.Context()), first, 0)
		if err != nil {
			t.Errorf("the same call: %v", err)
			return
		}
		again()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx, first, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("until ctx ends: %v", err)
	}
	unlock()
	waiting.Wait()
}

func TestResults(t *testing.T) {
	t.Parallel()
	s := open(t)
	call := Call{"r1", 7, host.Restore}
	if _, done, err := s.Result(call); done || err != nil {
		t.Fatalf("before: %v, %v", done, err)
	}
	want := host.Response{Protocol: 1, Verb: host.Restore, Code: host.CodeUnit, Reason: "x", Begun: true, Steps: []host.Step{{Name: "a", Duration: 1}}}
	must(t, s.Finish(call, want))
	got, done, err := s.Result(call)
	want.Adopted = true
	if err != nil || !done || !reflect.DeepEqual(got, want) {
		t.Fatalf("after: %+v, %v, %v", got, done, err)
	}
	must(t, os.WriteFile(s.path("results", call.String()+".json"), []byte("{"), 0o600))
	if _, _, err := s.Result(call); err == nil {
		t.Fatal("half a result was read")
	}
}

func TestKeepRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(file, []byte("x"), 0o600))
	other := "sha256:" + strings.Repeat("0", 64)
	if _, _, err := s.Keep(t.Context(), file, other); !errors.Is(err, ErrDigest) {
		t.Fatalf("error: %v", err)
	}
	if left, _ := os.ReadDir(s.path("artifacts")); len(left) > 0 {
		t.Fatalf("left: %v", left)
	}
	path, digest, err := s.Keep(t.Context(), file, "")
	if err != nil || s.Artifact(digest) != path || s.Artifact(other) != "" {
		t.Fatalf("%q %q, %v", path, digest, err)
	}
}

func TestPruneKeepsTheLastRollouts(t *testing.T) {
	t.Parallel()
	s := open(t)
	old := time.Now().Add(-48 * time.Hour)
	for i := range 9 {
		id := fmt.Sprint("r", i)
		must(t, os.Mkdir(s.Recorded(id), 0o700))
		must(t, s.Began(id))
		call := Call{id, 1, host.Update}
		must(t, s.Finish(call, host.Response{}))
		must(t, os.Chtimes(s.path("results", call.String()+".json"), old, old))
	}
	must(t, os.Mkdir(s.Recorded("just-now"), 0o700)) // recorded, not yet in the history
	must(t, os.WriteFile(s.path("artifacts", "aa.deb"), nil, 0o600))
	must(t, os.WriteFile(s.path("artifacts", "bb.deb"), nil, 0o600))
	must(t, s.Prune([]string{"sha256:bb"}))
	states, err := s.States()
	if want := []string{"r4", "r5", "r6", "r7", "r8"}; err != nil || !slices.Equal(states, want) {
		t.Errorf("states %v, %v", states, err)
	}
	if _, err := os.Stat(s.Recorded("just-now")); err != nil {
		t.Error(err)
	}
	for sub, want := range map[string]int{"results": 5, "artifacts": 1} {
		if left, _ := os.ReadDir(s.path(sub)); len(left) != want {
			t.Errorf("%s: %v", sub, left)
		}
	}
	if all, err := s.History(); err != nil || len(all) != 9 {
		t.Errorf("history %v, %v", all, err)
	}
}
