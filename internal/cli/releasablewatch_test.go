package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli"
)

// lines passes on what is printed, a line at a time.
type lines struct {
	mu   sync.Mutex // guards rest
	rest []byte
	each chan string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.rest = rest
		l.each <- string(line)
	}
}

// TestReleasableWatch: it tells of the branch at once, when a status ends, and when
// somebody pushes; an interrupt ends it.
func TestReleasableWatch(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	top := t.TempDir()
	git := func(dir string, args ...string) string {
		t.Helper()
		c := exec.Command("git", append([]string{"-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	project, colleague, statuses := filepath.Join(top, "project"), filepath.Join(top, "colleague"), filepath.Join(top, "ci.json")
	git(top, "init", "-q", "--bare", "-b", "master", "origin.git")
	git(top, "clone", "-q", "origin.git", colleague)
	if err := os.WriteFile(filepath.Join(colleague, "slipway.yaml"), []byte("service: checkout\nartifact: {tar.gz: {tree: build/x}}\n"+
		"release: {branch: master, statuses: {file: "+statuses+"}}\nenvironments:\n  production:\n    method: {ansible: {inventory: hosts.yaml}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	push := func(message, state string) string {
		git(colleague, "add", "-A")
		git(colleague, "commit", "-q", "--allow-empty", "-m", message)
		id := git(colleague, "rev-parse", "HEAD")
		report(t, statuses, id, state)
		git(colleague, "push", "-q", "origin", "HEAD:refs/heads/master")
		return id
	}
	first := push("feat: first", "pending")
	git(top, "clone", "-q", "-b", "master", "origin.git", project)

	signals, out := make(chan os.Signal, 1), &lines{each: make(chan string, 100)}
	var errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(context.WithoutCancel(t.Context()), []string{"releasable", "--watch", "--every", "1s", "--output", "json"}, cli.Env{
			In: strings.NewReader(""), Out: out, Err: &errs, Dir: project, Now: time.Now, Signals: signals, Getenv: func(string) string { return "" },
		})
	}()
	next := func() app.Releasability {
		t.Helper()
		select {
		case line := <-out.each:
			var found app.Releasability
			if err := json.Unmarshal([]byte(line), &found); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			return found
		case code := <-done:
			t.Fatalf("it ended with %d: %s", code, errs.String())
		case <-time.After(time.Minute):
			t.Fatal("it tells nothing")
		}
		return app.Releasability{}
	}
	if found := next(); found.Commit != first || found.Newest().Answer != "wait" {
		t.Errorf("%+v", found)
	}
	report(t, statuses, first, "success")
	if found := next(); found.Commit != first || found.Newest().Answer != "yes" {
		t.Errorf("%+v", found)
	}
	second := push("fix: second", "failure")
	if found := next(); found.Commit != second || found.Newest().Answer != "no" {
		t.Errorf("%+v", found)
	}
	signals <- os.Interrupt
	if code := <-done; code != 130 {
		t.Errorf("it ended with %d: %s", code, errs.String())
	}
}

// report sets the status of a commit, at once; those of others stay.
func report(t *testing.T, file, commit, state string) {
	t.Helper()
	all := map[string]any{}
	if old, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(old, &all); err != nil {
			t.Fatal(err)
		}
	}
	all[commit] = []any{map[string]string{"context": "ci", "state": state}}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".new", text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}
