package git_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/git"
)

// repository makes a repository that no configuration of this machine reaches.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := filepath.Join(t.TempDir(), "project")
	run(t, "", "git", "init", "-q", "-b", "master", dir)
	run(t, dir, "git", "config", "user.name", "Ann")
	run(t, dir, "git", "config", "user.email", "ann@example.com")
	run(t, dir, "git", "config", "commit.gpgsign", "false")
	run(t, dir, "git", "config", "tag.gpgsign", "false")
	run(t, dir, "git", "config", "core.hooksPath", "/dev/null")
	return dir
}

func run(t *testing.T, dir string, words ...string) string {
	t.Helper()
	c := exec.Command(words[0], words[1:]...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
	return strings.TrimSpace(string(out))
}

func commit(t *testing.T, dir, file, message string) string {
	t.Helper()
	path := filepath.Join(dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(message), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "git", "add", "-A")
	run(t, dir, "git", "commit", "-q", "-m", message)
	return run(t, dir, "git", "rev-parse", "HEAD")
}

func open(t *testing.T, dir string) *git.Repo {
	t.Helper()
	r, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// must is a value without an error.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	ctx := t.Context()
	first := commit(t, dir, "a", "first")
	second := commit(t, dir, "sub/b", "feat: second\n\nbody, line one\nline two\n\nBREAKING CHANGE: it does")
	run(t, dir, "git", "checkout", "-q", "-b", "side", first)
	side := commit(t, dir, "c", "\x1b[31mside")
	r := open(t, filepath.Join(dir, "."))
	if got := must[string](t)(r.Branch(ctx)); got != "side" {
		t.Errorf("branch %q", got)
	}
	if got := must[string](t)(r.Resolve(ctx, "master")); got != second {
		t.Errorf("master is %s", got)
	}
	for _, c := range []struct {
		history, commit string
		want            bool
	}{{"master", first, true}, {"master", second, true}, {"master", side, false}, {side, first, true}} {
		if got := must[bool](t)(r.Contains(ctx, c.history, c.commit)); got != c.want {
			t.Errorf("%s contains %s: %v", c.history, c.commit, got)
		}
	}
	log := must[[]git.Commit](t)(r.Log(ctx, first, "master", "", 10))
	if len(log) != 1 || log[0].ID != second || log[0].By != "Ann" || log[0].Subject != "feat: second" || !strings.HasSuffix(log[0].Body, "BREAKING CHANGE: it does") || log[0].At.IsZero() {
		t.Errorf("%+v", log)
	}
	if log := must[[]git.Commit](t)(r.Log(ctx, "", side, "", 1)); len(log) != 1 || strings.Contains(log[0].Subject, "\x1b") {
		t.Errorf("%+v", log)
	}
	if log := must[[]git.Commit](t)(r.Log(ctx, "", "master", "sub", 10)); len(log) != 1 || log[0].ID != second {
		t.Errorf("below sub: %+v", log)
	}
	if below := open(t, dir).Below(); below != "." {
		t.Errorf("below %q", below)
	}
	run(t, dir, "git", "checkout", "-q", "master")
	if below := open(t, filepath.Join(dir, "sub")).Below(); below != "sub" {
		t.Errorf("below %q", below)
	}
	run(t, dir, "git", "checkout", "-q", "--detach")
	if got := must[string](t)(r.Branch(ctx)); got != "" {
		t.Errorf("branch %q", got)
	}
}

// TestNames: what others named is never taken for an option, and is no shell's.
func TestNames(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	commit(t, dir, "a", "first")
	r := open(t, dir)
	for _, name := range []string{"--help", "-x", "$(touch x)", "nowhere", "", "HEAD..HEAD", "a b", "--upload-pack=touch x"} {
		if got, err := r.Resolve(t.Context(), name); !errors.Is(err, git.ErrUnknown) {
			t.Errorf("%q: %q %v", name, got, err)
		}
		if got, err := r.RemoteTag(t.Context(), name, "v1"); err == nil {
			t.Errorf("remote %q: %q", name, got)
		}
		if err := r.Fetch(t.Context(), name, "master"); err == nil {
			t.Errorf("fetch %q is good", name)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	commit(t, dir, "a", "first")
	r := open(t, dir)
	if got := must[[]string](t)(r.Changed(t.Context())); len(got) != 0 {
		t.Errorf("%v", got)
	}
	for name, text := range map[string]string{"a": "other", "new file": "x", ".gitignore": "dist/\n", "dist/y": "built"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(must[[]string](t)(r.Changed(t.Context())), ","); got != "a,.gitignore,new file" {
		t.Errorf("%s", got)
	}
}

func TestTagsAndRemotes(t *testing.T) {
	t.Parallel()
	origin := repository(t)
	first := commit(t, origin, "a", "first")
	run(t, origin, "git", "tag", "light")
	second := commit(t, origin, "b", "second")
	run(t, origin, "git", "checkout", "-q", "--detach") // so that master can be pushed to
	dir := filepath.Join(t.TempDir(), "clone")
	run(t, "", "git", "clone", "-q", "-b", "master", origin, dir)
	for _, kv := range [][2]string{{"user.name", "Ben"}, {"user.email", "ben@example.com"}, {"tag.gpgsign", "false"}} {
		run(t, dir, "git", "config", kv[0], kv[1])
	}
	r, ctx := open(t, dir), t.Context()
	if got := must[string](t)(r.Remote(ctx, "master")); got != "origin" {
		t.Errorf("remote %q", got)
	}
	ref, shown, err := r.Tracking(ctx, "origin", "master")
	if ref != "refs/remotes/origin/master" || shown != "origin/master" || err != nil {
		t.Errorf("%s %s %v", ref, shown, err)
	}
	if ref, _, err := r.Tracking(ctx, "origin", "none"); ref != "" || err != nil {
		t.Errorf("%s %v", ref, err)
	}
	if err := r.AddTag(ctx, "v1.0.0", second, "checkout 1.0.0\n\nAdded\n\n# not a comment\n"); err != nil {
		t.Fatal(err)
	}
	if err := r.AddTag(ctx, "v1.0.0", first, "again"); err == nil {
		t.Error("a tag is moved")
	}
	if got := run(t, dir, "git", "tag", "-l", "--format=%(contents)", "v1.0.0"); !strings.Contains(got, "# not a comment") {
		t.Errorf("message %q", got)
	}
	if got := must[string](t)(r.TagCommit(ctx, "v1.0.0")); got != second {
		t.Errorf("tag is %s", got)
	}
	if got := must[string](t)(r.RemoteTag(ctx, "origin", "v1.0.0")); got != "" {
		t.Errorf("remote has %s", got)
	}
	if err := r.PushTag(ctx, "origin", "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	if got := must[string](t)(r.RemoteTag(ctx, "origin", "v1.0.0")); got != second {
		t.Errorf("remote has %s", got)
	}
	tags := must[[]git.Tag](t)(r.Tags(ctx, second))
	if len(tags) != 2 || tags[0] != (git.Tag{Name: "v1.0.0", Commit: second}) || tags[1] != (git.Tag{Name: "light", Commit: first}) {
		t.Errorf("%+v", tags)
	}
	if tags := must[[]git.Tag](t)(r.Tags(ctx, first)); len(tags) != 1 {
		t.Errorf("%+v", tags)
	}
	run(t, origin, "git", "tag", "-f", "v1.0.0", first)
	if err := r.PushTag(ctx, "origin", "v1.0.0"); err == nil {
		t.Error("a tag of the remote is moved")
	}
	run(t, origin, "git", "checkout", "-q", "master")
	third := commit(t, origin, "c", "third")
	if err := r.Fetch(ctx, "origin", "master"); err != nil {
		t.Fatal(err)
	}
	if got := must[string](t)(r.Resolve(ctx, "origin/master")); got != third {
		t.Errorf("origin/master is %s", got)
	}
	run(t, dir, "git", "remote", "set-url", "origin", "https://ann:hunter2@nowhere.invalid/x.git")
	if got := must[string](t)(r.Address(ctx, "origin")); got != "https://nowhere.invalid/x.git" {
		t.Errorf("address %q", got)
	}
	for name, want := range map[string]bool{"v1": true, "v1~": false, "a..b": false, "v 1": false, "x.lock": false} {
		if got := must[bool](t)(r.CheckTag(ctx, name)); got != want {
			t.Errorf("tag %q: %v", name, got)
		}
	}
}

func TestNone(t *testing.T) {
	t.Parallel()
	repository(t) // skips without git
	if _, err := git.Open(t.Context(), t.TempDir()); !errors.Is(err, git.ErrNone) {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := git.Open(ended, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestNoSecret: a password in the address of a remote is in no error.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	commit(t, dir, "a", "first")
	run(t, dir, "git", "remote", "add", "origin", "http://ann:hunter2@127.0.0.1:1/x.git")
	err := open(t, dir).Fetch(t.Context(), "origin", "master")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// TestSignedTag: where git is set up to sign tags, the tag of a release is signed.
func TestSignedTag(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	dir := repository(t)
	first := commit(t, dir, "a", "first")
	key := filepath.Join(t.TempDir(), "key")
	run(t, dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", key)
	for _, kv := range [][2]string{{"gpg.format", "ssh"}, {"user.signingkey", key}, {"tag.gpgsign", "true"}} {
		run(t, dir, "git", "config", kv[0], kv[1])
	}
	if err := open(t, dir).AddTag(t.Context(), "v1.0.0", first, "checkout 1.0.0\n"); err != nil {
		t.Fatal(err)
	}
	if got := run(t, dir, "git", "cat-file", "tag", "v1.0.0"); !strings.Contains(got, "BEGIN SSH SIGNATURE") {
		t.Errorf("it is not signed:\n%s", got)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).AddTag(t.Context(), "v1.1.0", first, "checkout 1.1.0\n"); err == nil {
		t.Error("a tag that could not be signed was made")
	}
	if got := run(t, dir, "git", "tag", "-l"); got != "v1.0.0" {
		t.Errorf("tags %q", got)
	}
}
