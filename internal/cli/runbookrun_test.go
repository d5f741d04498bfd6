package cli_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/cli"
)

// TestRunbookInterrupted: Ctrl-C ends the command that is at work with all that it started,
// and the walk can be taken up again.
func TestRunbookInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("slipway.yaml", "service: checkout\nartifact: {tar.gz: {}}\nenvironments: {production: {method: {local: {directory: fleet}}}}\n")
	write("RUNBOOK.md", "# Prerequisites\n\n- `test -d .`\n- `test -e go || { exec 3>started; echo begun >&3; sleep 600; }`\n\n# Deploy\n\n# Rollback\n")
	started := filepath.Join(dir, "started")
	if err := syscall.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	gone := make(chan error, 1)
	go func() {
		// It opens when the command begins, and ends when nothing of it is left.
		f, err := os.Open(started)
		if err != nil {
			gone <- err
			return
		}
		defer f.Close()
		_, err = f.Read(make([]byte, 6))
		signals <- os.Interrupt
		_, left := io.Copy(io.Discard, f)
		gone <- errors.Join(err, left)
	}()
	var out, errs bytes.Buffer
	env := cli.Env{In: strings.NewReader(""), Out: &out, Err: &errs, Dir: dir, Now: time.Now, Signals: signals, Environ: os.Environ(),
		Getenv: func(name string) string { return map[string]string{"SLIPWAY_STATE": filepath.Join(dir, "state")}[name] }}
	code := cli.Run(t.Context(), []string{"runbook", "run", "prerequisites", "--yes"}, env)
	if code != 130 || !strings.Contains(errs.String(), "to go on: slipway runbook run --resume ") {
		t.Fatalf("%d: %s%s", code, out.String(), errs.String())
	}
	if err := <-gone; err != nil {
		t.Error(err)
	}
	id := strings.Fields(errs.String()[strings.Index(errs.String(), "--resume "):])[1]
	write("go", "")
	code, text, wrong := call(t, dir, "runbook", "run", "--resume", id, "--yes")
	if code != 0 || !strings.Contains(text, "passed, 2 steps: 2 passed") {
		t.Errorf("%d: %s%s", code, text, wrong)
	}
	if strings.Contains(text, "1/2 ") {
		t.Errorf("what was done is done again: %s", text)
	}
}
