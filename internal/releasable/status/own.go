package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/internal/releasable"
)

// written is a status as commands and files write it.
type written struct {
	Context string `json:"context"`
	State   string `json:"state"`
	URL     string `json:"url"`
}

// read checks what was written.
func read(all []written) ([]releasable.Status, error) {
	var out []releasable.Status
	for i, w := range all {
		state, ok := map[string]releasable.State{
			"green": releasable.Green, "success": releasable.Green, "pending": releasable.Pending,
			"red": releasable.Red, "failure": releasable.Red, "error": releasable.Red,
		}[w.State]
		if w.Context == "" || !ok {
			return nil, fmt.Errorf("status %d: context %q and state %q: a context is not empty, and a state can be success, pending, failure or error", i+1, line(w.Context), line(w.State))
		}
		out = append(out, made(w.Context, w.State, w.URL, state, true))
	}
	return out, nil
}

// Command asks a command of the project, which prints a JSON list of
// {"context": ..., "state": ..., "url": ...}.
type Command struct {
	Words  []string // "{{commit}}" is filled in
	Dir    string
	Within time.Duration // 0: a minute
}

var _ Source = Command{}

// Statuses runs the command. The commit is also in SLIPWAY_COMMIT, where a shell can have
// it.
func (c Command) Statuses(ctx context.Context, commit string) ([]releasable.Status, error) {
	if len(c.Words) == 0 {
		return nil, errors.New("ask for statuses: the command is empty")
	}
	within := c.Within
	if within <= 0 {
		within = time.Minute
	}
	asked := ctx
	ctx, cancel := context.WithTimeout(asked, within)
	defer cancel()
	words := make([]string, len(c.Words))
	for i, w := range c.Words {
		words[i] = strings.ReplaceAll(w, "{{commit}}", commit)
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = c.Dir, append(os.Environ(), "SLIPWAY_COMMIT="+commit), 2*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if asked.Err() != nil {
		return nil, fmt.Errorf("ask %s for statuses: %w", filepath.Base(words[0]), asked.Err())
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("ask %s for statuses: it took longer than %s", filepath.Base(words[0]), within)
	}
	if err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("ask %s for statuses: %w: %s", filepath.Base(words[0]), err, line(said))
	}
	var all []written
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("ask %s for statuses: what it prints is no JSON list of {\"context\", \"state\"}: %w", filepath.Base(words[0]), err)
	}
	return read(all)
}

// File reads a JSON file: an object that has for each commit, by its whole id, a list as
// Command prints it.
type File struct{ Path string }

var _ Source = File{}

// Statuses reads the file anew.
func (f File) Statuses(_ context.Context, commit string) ([]releasable.Status, error) {
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	var all map[string][]written
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read statuses from %s: it is no JSON object of commits: %w", f.Path, err)
	}
	statuses, err := read(all[commit])
	if err != nil {
		return nil, fmt.Errorf("read statuses from %s, commit %s: %w", f.Path, releasable.Short(commit), err)
	}
	return statuses, nil
}
