package compat

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is the project's coexistence test.
type Command struct {
	// Args is the program and its arguments; no shell is put between.
	Args []string
	// Dir is where it runs; Within is how long it may take (default 5 minutes).
	Dir    string
	Within time.Duration
	// Env is added to the environment of this process, as NAME=value. Variables of this
	// process that begin with SLIPWAY_ are not passed on.
	Env []string
}

// Side is one host of a pair.
type Side struct {
	Host    string
	Address string
	Version string
}

// Pair is one host on each version, both up.
type Pair struct {
	Old, New Side
}

// Result is how a coexistence test ended.
type Result struct {
	Passed bool `json:"passed"`
	// Exit is the exit code; -1 when it was stopped by a signal or by the timeout.
	Exit     int           `json:"exit"`
	TimedOut bool          `json:"timed_out,omitempty"`
	Took     time.Duration `json:"took"`
	// Output is what it wrote to both streams, the last 64 KiB of it.
	Output    string `json:"output"`
	Truncated bool   `json:"truncated,omitempty"`
}

const (
	defaultWithin = 5 * time.Minute
	keptOutput    = 64 << 10
	grace         = 5 * time.Second
)

// Coexist runs the project's command with one old and one new host in its environment:
// SLIPWAY_OLD_HOST, SLIPWAY_OLD_ADDRESS, SLIPWAY_OLD_VERSION and the same with NEW. What
// the command says by its exit code is in the result; the error is for a command that
// cannot run and for a ctx that ended. The command and all that it started are ended
// when its time is up: asked first, killed five seconds later.
func Coexist(ctx context.Context, c Command, p Pair) (Result, error) {
	if err := complete(c, p); err != nil {
		return Result{}, err
	}
	within := c.Within
	if within <= 0 {
		within = defaultWithin
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	out := &tail{most: keptOutput}
	cmd := exec.CommandContext(limited, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, out, out
	cmd.Env = slices.Concat(inherited(), c.Env, p.environment())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{}, fmt.Errorf("coexistence test %s: %w", c.Args[0], err)
	}
	err := cmd.Wait()
	// What it left behind goes with it; the group is gone when nothing was.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	r := Result{Took: time.Since(began), Exit: cmd.ProcessState.ExitCode()}
	r.Output, r.Truncated = out.text()
	r.Passed = err == nil
	if ctx.Err() != nil {
		return r, fmt.Errorf("coexistence test %s: %w", c.Args[0], context.Cause(ctx))
	}
	r.TimedOut = limited.Err() != nil && !r.Passed
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !r.TimedOut {
		return r, fmt.Errorf("coexistence test %s: %w", c.Args[0], err)
	}
	return r, nil
}

func complete(c Command, p Pair) error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return errors.New("coexistence test: no command: give compat.coexist.run the program and its arguments")
	}
	for _, s := range []struct {
		name string
		Side
	}{{"old", p.Old}, {"new", p.New}} {
		if s.Host == "" || s.Address == "" || s.Version == "" {
			return fmt.Errorf("coexistence test: the %s side has host %q, address %q, version %q: it needs all three", s.name, s.Host, s.Address, s.Version)
		}
	}
	return nil
}

// inherited leaves out what configures Slipway itself, its database's address above all.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SLIPWAY_") })
}

func (p Pair) environment() []string {
	var env []string
	for _, s := range []struct {
		name string
		Side
	}{{"OLD", p.Old}, {"NEW", p.New}} {
		env = append(env, "SLIPWAY_"+s.name+"_HOST="+s.Host, "SLIPWAY_"+s.name+"_ADDRESS="+s.Address, "SLIPWAY_"+s.name+"_VERSION="+s.Version)
	}
	return env
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex // guards what follows: both streams write
	most int
	kept []byte
	cut  bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - t.most; over > 0 {
		t.kept, t.cut = append([]byte(nil), t.kept[over:]...), true
	}
	return len(b), nil
}

func (t *tail) text() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept), t.cut
}
