package engine_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outcome is how a child process ended.
type outcome struct {
	killed bool
	code   int
	out    string
	errs   string
}

func spawn(t *testing.T, program, dir string, env ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), program)
	c.Env = append(os.Environ(), append(env, childDirectory+"="+dir)...)
	c.Stdout, c.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

func reap(c *exec.Cmd) outcome {
	_ = c.Wait() // how it ended is in the state
	status := c.ProcessState.Sys().(syscall.WaitStatus)
	return outcome{
		killed: status.Signaled() && status.Signal() == syscall.SIGKILL, code: c.ProcessState.ExitCode(),
		out: c.Stdout.(*bytes.Buffer).String(), errs: c.Stderr.(*bytes.Buffer).String(),
	}
}

func runChild(t *testing.T, program, dir string, env ...string) outcome {
	t.Helper()
	return reap(spawn(t, program, dir, env...))
}

// changes returns what was done on hosts, sorted.
func changes(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "changes"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	slices.Sort(lines)
	return lines
}

// reference is a run that nobody disturbs.
func reference(t *testing.T, program string) (end string, done []string) {
	t.Helper()
	dir := t.TempDir()
	o := runChild(t, program, dir)
	if o.code != 0 || !strings.Contains(o.out, `"Phase":"completed"`) {
		t.Fatalf("the undisturbed run: code %d, %s%s", o.code, o.out, o.errs)
	}
	return o.out, changes(t, dir)
}

// same checks that a resumed run ended as the undisturbed one did.
func same(t *testing.T, program, dir, end string, done []string) {
	t.Helper()
	o := runChild(t, program, dir)
	if o.code != 0 || o.out != end {
		t.Errorf("resumed: code %d, %s\n%s\nwant %s", o.code, o.errs, o.out, end)
	}
	if got := changes(t, dir); !slices.Equal(got, done) {
		t.Errorf("changed %v\nwant    %v", got, done)
	}
}

// crashing builds this test with the crash points of the journal in it, and without
// the race detector, whose processes take ten times as long to start.
func crashing(t *testing.T) string {
	t.Helper()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool to build with")
	}
	program := filepath.Join(t.TempDir(), "engine.test")
	if out, err := exec.CommandContext(t.Context(), tool, "test", "-c", "-tags", "crashpoint", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and runs many processes")
	}
	program := crashing(t)
	t.Run("at every commit", func(t *testing.T) { killedAtEveryCommit(t, program) })
	t.Run("after every change", func(t *testing.T) { killedAfterEveryChange(t, program) })
}

func killedAtEveryCommit(t *testing.T, program string) {
	t.Parallel()
	end, done := reference(t, program)
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				if n > 200 {
					t.Fatal("a rollout of 6 hosts has more than 200 commits")
				}
				dir := t.TempDir()
				o := runChild(t, program, dir, fmt.Sprintf("SLIPWAY_CRASH=%s:%d", when, n))
				if !o.killed {
					if o.code != 0 || n < 10 {
						t.Errorf("commit %d: code %d, %s", n, o.code, o.errs)
					}
					t.Logf("%d commits", n-1)
					return
				}
				same(t, program, dir, end, done)
				if t.Failed() {
					t.Fatalf("killed %s commit %d", when, n)
				}
			}
		})
	}
}

func killedAfterEveryChange(t *testing.T, program string) {
	t.Parallel()
	end, done := reference(t, program)
	for n := range done {
		dir := t.TempDir()
		if o := runChild(t, program, dir, fmt.Sprintf("%s=%d", childDieAt, n+1)); !o.killed {
			t.Fatalf("change %d: code %d, %s", n+1, o.code, o.errs)
		}
		same(t, program, dir, end, done)
		if t.Failed() {
			t.Fatalf("killed after change %d", n+1)
		}
	}
}

func TestAFrozenOwnerIsFenced(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	end, done := reference(t, program)
	dir := t.TempDir()
	// Long enough for another process to start and to be refused, on a busy machine too.
	frozen := spawn(t, program, dir, childHold+"=8s", childBlock+"=yes")
	exists(t, filepath.Join(dir, "blocked"))
	freeze(t, frozen, filepath.Join(dir, "journal.db"), filepath.Join(dir, "work.db"))
	if o := runChild(t, program, dir); o.code != 1 || !strings.Contains(o.errs, "is driven by child") {
		t.Errorf("while the owner's lease lasts: code %d, %s", o.code, o.errs)
	}
	until(t, "the lease to end", func() bool { return runChild(t, program, dir).code == 0 })
	if got := changes(t, dir); !slices.Equal(got, done) {
		t.Errorf("changed %v\nwant    %v", got, done)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := frozen.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if o := reap(frozen); o.code != 3 {
		t.Errorf("the thawed owner: code %d, %s%s", o.code, o.out, o.errs)
	}
	same(t, program, dir, end, done)
}

// freeze stops a process, but not while it writes to a file: nobody else could then.
func freeze(t *testing.T, c *exec.Cmd, files ...string) {
	t.Helper()
	until(t, "the owner to be frozen outside of a transaction", func() bool {
		var status syscall.WaitStatus
		if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if _, err := syscall.Wait4(c.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
			t.Fatalf("it did not stop: %v, %v", status, err)
		}
		if !slices.ContainsFunc(files, func(f string) bool { return !writable(t, f) }) {
			return true
		}
		if err := c.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		return false
	})
}

// writable reports whether nobody is writing to a database.
func writable(t *testing.T, file string) bool {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	return err == nil && tx.Rollback() == nil
}

func exists(t *testing.T, path string) {
	t.Helper()
	until(t, path, func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-look.C:
		}
	}
}
