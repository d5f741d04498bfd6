package build_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/build"
)

// project is a git repository whose build stages a tree.
type project struct{ dir string }

// script stages a small service. It looks at the environment that it is given.
const script = `set -e
rm -rf stage && mkdir -p stage/opt/bin stage/etc/checkout
printf '#!/bin/sh\necho %s %s %s\n' "$SLIPWAY_VERSION" "$SLIPWAY_COMMIT" "$SLIPWAY_ARCH" > stage/opt/bin/checkout
chmod u+x stage/opt/bin/checkout
echo "listen: 8080" > stage/etc/checkout/config.yaml
date -u -d "@$SOURCE_DATE_EPOCH" +%F > stage/opt/built
ln -s bin/checkout stage/opt/run
ln stage/opt/built stage/opt/same
mkdir stage/opt/empty
: > 'stage/opt/odd [name]*'
`

func newProject(t *testing.T, files map[string]string) project {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	p := project{filepath.Join(t.TempDir(), "project")}
	p.write(t, "build.sh", script)
	p.write(t, ".gitignore", "stage\ndist\n")
	for name, content := range files {
		p.write(t, name, content)
	}
	p.git(t, "init", "-q", "-b", "master")
	p.git(t, "add", "-A")
	p.git(t, "commit", "-q", "-m", "first")
	return p
}

func (p project) write(t *testing.T, name, content string) {
	t.Helper()
	name = filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// git runs with a fixed person and time, so that commits are the same everywhere.
func (p project) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@example.com",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (p project) config(format string) build.Config {
	c := build.Config{Dir: p.dir, Format: format, Name: "checkout", Version: "1.4.0", Command: "sh build.sh", Tree: "stage/opt", Out: filepath.Join(p.dir, "dist")}
	if format == artifact.Deb {
		c.Tree = "stage"
	}
	return c
}

func mustRun(t *testing.T, c build.Config) build.Result {
	t.Helper()
	var log bytes.Buffer
	c.Log = &log
	r, err := build.Run(t.Context(), c)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return r
}

func runFails(t *testing.T, c build.Config, says string) {
	t.Helper()
	_, err := build.Run(t.Context(), c)
	if err == nil || err.Error() != says {
		t.Errorf("\nsays %v\nwant %s", err, says)
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func needs(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("there is no %s here", tool)
	}
}

// TestBuildElsewhere is no test of its own: TestReproducible runs it in processes
// of another umask and time zone.
func TestBuildElsewhere(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SLIPWAY_TEST_PROJECT")
	if dir == "" {
		t.Skip("run by TestReproducible only")
	}
	for _, format := range []string{artifact.TarGz, artifact.Deb} {
		r := mustRun(t, project{dir}.config(format))
		fmt.Printf("built %s\n", r.Info.Digest)
	}
}
