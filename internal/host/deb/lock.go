package deb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrBusy means that somebody else runs apt or dpkg.
var ErrBusy = errors.New("somebody else runs apt or dpkg")

// lookAgain is how often a lock that is held is looked at.
const lookAgain = 200 * time.Millisecond

// locks are what apt and dpkg take before they change anything.
func locks() []string {
	return []string{"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/cache/apt/archives/lock"}
}

// Wait waits until nobody runs apt or dpkg, at most for a time; then ErrBusy with who
// does. Nothing is taken: every later call waits for the lock once more.
func Wait(ctx context.Context, most time.Duration) error { return waitFor(ctx, locks(), most) }

func waitFor(ctx context.Context, paths []string, most time.Duration) error {
	end := time.NewTimer(most)
	defer end.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		holder, err := holderOf(paths)
		if err != nil || holder == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return fmt.Errorf("%w: %s, waited %v", ErrBusy, holder, most)
		case <-again.C:
		}
	}
}

// holderOf returns who holds one of the locks; empty when nobody does.
func holderOf(paths []string) (string, error) {
	for _, path := range paths {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK}
		err = syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", fmt.Errorf("ask who holds %s: %w", path, err)
		}
		if lock.Type != syscall.F_UNLCK {
			return fmt.Sprintf("%s holds %s", nameOf(int(lock.Pid)), path), nil
		}
	}
	return "", nil
}

// nameOf names a process by its program only: a command line may hold a secret.
func nameOf(pid int) string {
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), pid)
}
