// Package lock keeps two programs from making the same thing at the same time. What
// makes cached images and artifacts takes one. A lock ends with its program, however
// that ends; its file stays.
package lock

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// Take waits for the lock of a file, which it makes. It calls waiting once when
// somebody else has it.
func Take(ctx context.Context, path string, waiting func()) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for waited := false; ; waited = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, err
		}
		if !waited {
			waiting()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		}
	}
}
