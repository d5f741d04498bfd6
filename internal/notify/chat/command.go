package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Command runs a command that reads the message as JSON. Nothing of the message is in
// its words or its environment.
type Command struct {
	Words []string
}

var _ notify.Notifier = (*Command)(nil)

// Send runs the command. An exit code other than zero is a failure; what it wrote to
// its error output says why. It is killed, with what it started, when ctx ends.
func (c *Command) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	if len(c.Words) == 0 {
		return "", &notify.Error{Op: "run a command", Text: "it has no words", Final: true}
	}
	body, err := wire.JSON(Envelop(m))
	if err != nil {
		return "", err
	}
	run := exec.CommandContext(ctx, c.Words[0], c.Words[1:]...)
	run.Stdin = bytes.NewReader(append(body, '\n'))
	var said tail
	run.Stderr = &said
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = time.Second
	if err := run.Run(); err != nil {
		return "", c.failure(ctx, err, said.line())
	}
	return "", nil
}

func (c *Command) failure(ctx context.Context, err error, said string) error {
	e := &notify.Error{Op: "run " + c.Words[0], Text: said, Err: err}
	var missing *exec.Error
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		e.Err = fmt.Errorf("it was ended: %w", ctx.Err())
	case errors.As(err, &missing):
		e.Err, e.Final = missing.Err, true
	case errors.As(err, &exit) && said != "":
		e.Err = nil
		e.Text = exit.String() + ": " + said
	}
	return e
}

// tail keeps the end of what a command writes.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - 4096; over > 0 {
		t.kept = append([]byte(nil), t.kept[over:]...)
	}
	return len(p), nil
}

// line is the last line that says something.
func (t *tail) line() string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.kept), "?")), "\n")
	return notify.Shorten(strings.TrimSpace(lines[len(lines)-1]), 200)
}
