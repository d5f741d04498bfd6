package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
)

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// Until tries again and again until a try succeeds or the time is over; then it
// returns what the last one found. Between tries it waits a little longer each time.
// A try that returns a Final ends it at once.
func Until(ctx context.Context, within time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last error
	for wait := firstWait; ; wait = min(wait*3/2, lastWait) {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if final, ok := errors.AsType[Final](err); ok {
			return final.Err
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w (for %v)", last, within)
		case <-timer.C:
		}
	}
}

// Final is an error that waiting does not cure.
type Final struct{ Err error }

// Error says what the cause is.
func (f Final) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f Final) Unwrap() error { return f.Err }

// Check does one check of a stage. A request is repeated until it holds or its time
// is over; a command runs once, since it may do anything.
func (h Host) Check(ctx context.Context, check host.CheckOf) error {
	if len(check.Command) > 0 {
		return h.command(ctx, check)
	}
	return Until(ctx, check.Within, func(ctx context.Context) error {
		return h.Ask(ctx, check.HTTP, Want{Status: check.Status, Body: check.Body})
	})
}

func (h Host) command(ctx context.Context, check host.CheckOf) error {
	var out bytes.Buffer
	return h.run(ctx, check.Command, check.Within, &out, &out)
}

// Output runs a command, once, and returns what it printed.
func (h Host) Output(ctx context.Context, argv []string, within time.Duration) (string, error) {
	var out, problem bytes.Buffer
	err := h.run(ctx, argv, within, &out, &problem)
	return out.String(), err
}

// run runs a command without a shell. An error has the last line of what it complained.
func (h Host) run(ctx context.Context, argv []string, within time.Duration, out, problem *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second // children may hold its output open
	cmd.Env = append(cmd.Environ(), "ADDRESS="+h.address(), "VERSION="+h.Version)
	cmd.Stdout, cmd.Stderr = out, problem
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s did not end within %v", argv[0], within)
	}
	lines := strings.Split(strings.TrimSpace(problem.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return fmt.Errorf("%s: %w: %s", argv[0], err, last)
	}
	return fmt.Errorf("%s: %w", argv[0], err)
}
