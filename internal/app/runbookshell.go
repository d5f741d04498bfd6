package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

const (
	// stepLimit is how long a piece of code of a runbook may run.
	stepLimit = 10 * time.Minute
	// stepOutput is how much of its output is kept: the end of it.
	stepOutput = 64 << 10
	// stepGrace is how long it has to end after it was asked to.
	stepGrace = 5 * time.Second
	// timedOut is the exit code of code that ran for too long, as timeout(1) has it.
	timedOut = 124
)

// shell runs code of a runbook on this machine, in the project's directory. It cannot ask
// anybody: its code reads nothing and has no terminal.
type shell struct {
	dir     string
	program string
	env     []string
	now     func() time.Time
}

var _ runbook.Runner = shell{}

// Run implements runbook.Runner.
func (s shell) Run(ctx context.Context, c runbook.Code) (runbook.Result, error) {
	limited, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	program, args := s.command(c)
	cmd := exec.CommandContext(limited, program, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out := &tail{}
	cmd.Stdout, cmd.Stderr = out, out
	// A session of its own: all of it can be stopped, and a program that wants a password
	// says so instead of waiting for one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = stepGrace
	began := s.now()
	err := cmd.Run()
	if limited.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what did not listen; mostly nothing is left
	}
	r := runbook.Result{Code: c.Text, Seconds: s.now().Sub(began).Seconds(), Output: out.String()}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case limited.Err() != nil:
		r.Exit = timedOut
		r.Output += fmt.Sprintf("\nit was stopped after %s", stepLimit)
	case errors.As(err, &exit):
		r.Exit = exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			r.Exit = 128 + int(status.Signal())
		}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return r, &Error{Kind: Misconfigured, Err: fmt.Errorf("run a step of the runbook: %w", err), Hint: "SHELL names the program that runs it"}
	}
	return r, nil
}

// command is what runs a piece of code: the user's shell, or the one that the runbook names.
// A shell that knows how stops at the first command that fails.
func (s shell) command(c runbook.Code) (program string, args []string) {
	program = s.program
	if program == "" {
		program = "sh"
	}
	if slices.Contains([]string{"bash", "zsh", "ksh", "dash"}, c.Language) {
		if _, err := exec.LookPath(c.Language); err == nil {
			program = c.Language
		}
	}
	if slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh"}, filepath.Base(program)) {
		return program, []string{"-e", "-c", c.Text}
	}
	return program, []string{"-c", c.Text}
}

// tail keeps the end of what is written to it. It may be written to from several goroutines.
type tail struct {
	mu   sync.Mutex // guards what follows
	data []byte
	cut  bool
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if len(t.data) > 2*stepOutput {
		t.data, t.cut = bytes.Clone(t.data[len(t.data)-stepOutput:]), true
	}
	return len(p), nil
}

// String is what was kept, as text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	data, cut := t.data, t.cut
	if len(data) > stepOutput {
		data, cut = data[len(data)-stepOutput:], true
	}
	text := strings.ToValidUTF8(string(data), "�")
	if cut {
		text = "…" + text
	}
	return text
}
