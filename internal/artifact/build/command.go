package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// grace is how long a build has to end after it was asked to.
const grace = 5 * time.Second

// run runs the build command in a process group of its own, so that all of it can
// be stopped.
func (c Config) run(ctx context.Context, src source) error {
	if c.Command == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", c.Command)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.environment(src)...)
	cmd.Stdout, cmd.Stderr = c.Log, c.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what did not listen; mostly nothing is left
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the build command was stopped: %w", ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well and left something running in the background
	case err != nil:
		return fmt.Errorf("the build command ended with %w; its output says why", err)
	}
	return nil
}

// leftover is what a file was before the build.
type leftover struct {
	size int64
	time time.Time
}

// leftovers lists the files that fit the pattern before anything is built.
func (c Config) leftovers() (map[string]leftover, error) {
	files, err := c.matches()
	if err != nil {
		return nil, err
	}
	before := map[string]leftover{}
	for _, file := range files {
		if st, err := os.Stat(file); err == nil {
			before[file] = leftover{st.Size(), st.ModTime()}
		}
	}
	return before, nil
}

// matches lists the files that fit the pattern. The project's path is no pattern.
func (c Config) matches() ([]string, error) {
	if c.File == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(quoteGlob(c.Dir), c.File))
	if err != nil {
		return nil, fmt.Errorf("the pattern %q of the built file: %w", c.File, err)
	}
	return files, nil
}

func quoteGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// pick chooses the file that the build made: the one that is new or was changed,
// or the only one there is.
func (c Config) pick(before map[string]leftover) (string, error) {
	files, err := c.matches()
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return "", fmt.Errorf("the build left no file %s in %s: correct the pattern or the build", c.File, c.Dir)
	}
	made := slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		old, was := before[file]
		st, err := os.Stat(file)
		return was && err == nil && st.Size() == old.size && st.ModTime().Equal(old.time)
	})
	if len(made) > 0 {
		files = made
	}
	if len(files) > 1 {
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		return "", fmt.Errorf("%d files fit %s (%s), and one is needed: name it more closely, or clean up before the build", len(files), c.File, strings.Join(files, ", "))
	}
	return files[0], nil
}
