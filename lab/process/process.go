// Package process finds the processes of a lab, by an argument that only they have or
// by where their program lies, and waits for their end. A pid that was noted down may
// be another process by now; these tell, also after a crash. It signals nothing itself.
package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// beat is how often processes are looked at while somebody waits for them.
const beat = 25 * time.Millisecond

// With returns the pids of the running processes that have an argument.
func With(argument string) []int {
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil // the pattern is constant and well formed
	}
	want := []byte("\x00" + argument + "\x00")
	var pids []int
	for _, path := range paths {
		text, err := os.ReadFile(path) // empty for one that has ended and waits for its parent
		if err != nil || !bytes.Contains(text, want) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Gone waits until find finds no process any more. It calls push, with those that
// are left, at every look.
func Gone(ctx context.Context, find func() []int, push func(pids []int)) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		pids := find()
		if len(pids) == 0 {
			return nil
		}
		push(pids)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the end of %v: %w", pids, ctx.Err())
		}
	}
}
