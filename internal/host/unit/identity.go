package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/root"
)

// halfWritten is how many looks it may take until a process has written down which it is.
const halfWritten = 100

// identity is one process: a pid alone may be another one by now.
type identity struct {
	pid   int
	ticks int64
}

func (p Process) pidFile(name string) string { return p.Root.Path("/run/" + name + ".pid") }

// identity reads which process the unit was started as; zero when there is none.
func (p Process) identity(name string) (identity, error) {
	data, err := os.ReadFile(p.pidFile(name))
	for range halfWritten {
		if err != nil || strings.HasSuffix(string(data), "\n") {
			break
		}
		time.Sleep(look) // the process writes it before it becomes the unit's program
		data, err = os.ReadFile(p.pidFile(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return identity{}, nil
	}
	if err != nil {
		return identity{}, err
	}
	var id identity
	if _, err := fmt.Sscanf(string(data), "%d %d\n", &id.pid, &id.ticks); err != nil || id.pid <= 1 {
		return identity{}, fmt.Errorf("%s holds %q; it should hold a pid and a start time: stop the process by hand and remove the file", p.pidFile(name), data)
	}
	return id, nil
}

// known waits until a process that was started has written down which one it is, or
// has ended.
func (p Process) known(ctx context.Context, name string, pid int) error {
	again := time.NewTicker(look / 5)
	defer again.Stop()
	for {
		// What is half written is looked at again.
		if id, err := p.identity(name); err == nil && id.pid == pid {
			return nil
		}
		if _, err := process.Ticks(pid); errors.Is(err, process.ErrGone) {
			// With a start time that no process has it counts as failed.
			return root.Write(p.pidFile(name), fmt.Appendf(nil, "%d %d\n", pid, -1), 0o644)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

// alive reports whether that very process runs.
func (id identity) alive() bool {
	if id.pid == 0 {
		return false
	}
	ticks, err := process.Ticks(id.pid)
	return err == nil && ticks == id.ticks
}

// end stops the process group: SIGTERM, and SIGKILL when it takes longer than grace.
func (id identity) end(ctx context.Context, grace time.Duration) error {
	if err := id.signal(syscall.SIGTERM); err != nil {
		return err
	}
	gone, err := id.wait(ctx, grace)
	if err != nil || gone {
		return err
	}
	if err := id.signal(syscall.SIGKILL); err != nil {
		return err
	}
	gone, err = id.wait(ctx, grace)
	if err == nil && !gone {
		err = fmt.Errorf("process %d is still there %v after SIGKILL", id.pid, grace)
	}
	return err
}

func (id identity) signal(sig syscall.Signal) error {
	if !id.alive() {
		return nil
	}
	err := syscall.Kill(-id.pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// wait waits until the process has ended, at most for a time.
func (id identity) wait(ctx context.Context, most time.Duration) (gone bool, err error) {
	end := time.NewTimer(most)
	defer end.Stop()
	again := time.NewTicker(look)
	defer again.Stop()
	for id.alive() {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-end.C:
			return false, nil
		case <-again.C:
		}
	}
	// When this program started it, it is for this program to take its status. When
	// not, init does.
	_, _ = syscall.Wait4(id.pid, nil, syscall.WNOHANG, nil)
	return true, nil
}
