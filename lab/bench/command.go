package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// lastLines is how much of a failed command's output an error shows.
const lastLines = 30

// command is one that is measured.
type command struct {
	dir  string
	env  []string // besides this process's
	argv []string
}

// run waits for its end. Its output goes where a pipe would take it, and into the
// error when it fails.
func (c command) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	// An end of ctx ends what the command started as well.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w:\n%s", strings.Join(c.argv, " "), err, tail(string(out)))
	}
	return nil
}

// tail is the end of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-lastLines):], "\n")
}
