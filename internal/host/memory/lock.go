package memory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// ErrBusy means that something else changes the service.
var ErrBusy = errors.New("another change of the service runs here")

const look = 25 * time.Millisecond // how often a lock that is held is tried again

// Lock takes the lock of the service for a call. It waits for another call at most
// for a time, then returns ErrBusy and who holds it; for a call of the same identity
// it waits as long as it takes. The lock ends with the process that holds it.
func (s *Service) Lock(ctx context.Context, c Call, most time.Duration) (unlock func(), err error) {
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := s.wait(ctx, f, c, most); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%s %d\n", c, os.Getpid()), 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing it lets it go, and cannot go wrong
}

func (s *Service) wait(ctx context.Context, f *os.File, c Call, most time.Duration) error {
	start := time.Now()
	again := time.NewTicker(look)
	defer again.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		holder, err := os.ReadFile(f.Name())
		if err != nil {
			return err
		}
		by, _, _ := strings.Cut(string(holder), " ")
		if by != c.String() && time.Since(start) >= most {
			return fmt.Errorf("%w: %s holds it, waited %v", ErrBusy, by, most)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

// flock takes a lock that is only ever held for a moment.
func flock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}
