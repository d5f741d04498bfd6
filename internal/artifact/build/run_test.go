package build_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/build"
)

// TestReproducible builds one commit in two clones, under other umasks and time
// zones, and wants the same bytes in both formats.
func TestReproducible(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	var seen []string
	for _, place := range []struct{ umask, zone string }{{"022", "UTC"}, {"077", "Asia/Tokyo"}, {"000", "America/New_York"}} {
		clone := filepath.Join(t.TempDir(), "a longer name", place.umask)
		p.git(t, "clone", "-q", p.dir, clone)
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `umask "$1" && exec "$2" -test.run='^TestBuildElsewhere$'`, "sh", place.umask, os.Args[0])
		cmd.Env = append(os.Environ(), "SLIPWAY_TEST_PROJECT="+clone, "TZ="+place.zone)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var built []string
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "built ") {
				built = append(built, line)
			}
		}
		seen = append(seen, strings.Join(built, ""))
	}
	if strings.Count(seen[0], "built sha256:") != 2 || slices.ContainsFunc(seen, func(s string) bool { return s != seen[0] }) {
		t.Errorf("not the same bytes:\n%s", strings.Join(seen, "\n"))
	}
}

func TestTarGz(t *testing.T) {
	t.Parallel()
	needs(t, "tar")
	needs(t, "dpkg")
	p := newProject(t, nil)
	commit := p.git(t, "rev-parse", "HEAD")
	r := mustRun(t, p.config(artifact.TarGz))
	if r.File != filepath.Join(p.dir, "dist/checkout_1.4.0_all.tar.gz") || r.Info.Commit != commit || r.Info.Dirty || r.Info.Files != 5 {
		t.Errorf("got %+v", r)
	}
	want := `drwxr-xr-x 0/0               0 2023-11-14 22:13 bin/
-rwxr-xr-x 0/0              68 2023-11-14 22:13 bin/checkout
-rw-r--r-- 0/0              11 2023-11-14 22:13 built
drwxr-xr-x 0/0               0 2023-11-14 22:13 empty/
-rw-r--r-- 0/0               0 2023-11-14 22:13 odd [name]*
lrwxrwxrwx 0/0               0 2023-11-14 22:13 run -> bin/checkout
-rw-r--r-- 0/0              11 2023-11-14 22:13 same
`
	if got := output(t, "tar", "--numeric-owner", "-tvzf", r.File); got != want {
		t.Errorf("tar lists\n%swant\n%s", got, want)
	}
	if got := output(t, "sh", "-c", `gzip -dc "$1" | git get-tar-commit-id`, "sh", r.File); strings.TrimSpace(got) != commit {
		t.Errorf("git finds the commit %q", got)
	}
	into := t.TempDir()
	output(t, "tar", "-C", into, "-xzf", r.File)
	output(t, "diff", "-r", "--no-dereference", filepath.Join(p.dir, "stage/opt"), into)
	ours := filepath.Join(t.TempDir(), "release")
	f, err := os.Open(r.File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := artifact.Extract(t.Context(), f, ours, artifact.Want{Digest: r.Info.Digest}); err != nil {
		t.Fatal(err)
	}
	output(t, "diff", "-r", "--no-dereference", into, ours)
	if got := output(t, filepath.Join(ours, "run")); got != "1.4.0 "+commit+" "+strings.TrimSpace(output(t, "dpkg", "--print-architecture"))+"\n" {
		t.Errorf("it was built with %q", got)
	}
}

// TestTreeIsALink: a build may keep its tree elsewhere and leave a link to it.
func TestTreeIsALink(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".gitignore": "stage\nlink\ndist\n"})
	straight := p.config(artifact.TarGz)
	linked := straight
	linked.Command += " && ln -sfn stage/opt link"
	linked.Tree = "link"
	if a, b := mustRun(t, straight), mustRun(t, linked); a.Info.Digest != b.Info.Digest {
		t.Errorf("through a link it is %s, and without %s", b.Info.Digest, a.Info.Digest)
	}
}

func TestDirty(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.write(t, "new.go", "x")
	c := p.config(artifact.TarGz)
	r := mustRun(t, c)
	if !r.Info.Dirty || r.Info.Commit != p.git(t, "rev-parse", "HEAD") {
		t.Errorf("got %+v", r.Info)
	}
	info, err := artifact.Inspect(t.Context(), r.File, artifact.Want{})
	if err != nil || info.Commit != "" {
		t.Errorf("the archive claims to be of the commit: %+v %v", info, err)
	}
}

func TestVersionFromTag(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	c := p.config(artifact.Deb)
	c.Version = ""
	runFails(t, c, "build checkout: no tag tells the version: give a version, or tag the commit (git tag v1.0.0)")
	steps := []struct {
		tag, more, want string
	}{
		{"v1.4.0-rc1", "", "1.4.0~rc1"},
		{"", "one", "1.4.0~rc1+1.g"},
		{"checkout/1.4.0", "", "1.4.0"},
		{"1.4.1+build5", "", "1.4.1+build5"},
		{"", "two", "1.4.1+build5.1.g"},
	}
	for _, s := range steps {
		if s.more != "" {
			p.write(t, s.more, "x")
			p.git(t, "add", "-A")
			p.git(t, "commit", "-q", "-m", s.more)
		}
		if s.tag != "" {
			p.git(t, "commit", "-q", "--allow-empty", "-m", s.tag)
			p.git(t, "tag", s.tag)
		}
		got := mustRun(t, c).Info.Version
		if got != s.want && !(strings.HasSuffix(s.want, "g") && strings.HasPrefix(got, s.want)) {
			t.Errorf("after %+v the version is %q", s, got)
		}
	}
	p.write(t, "three", "x")
	if got := mustRun(t, c).Info.Version; !strings.HasSuffix(got, ".dirty") {
		t.Errorf("a changed tree is %q", got)
	}
	p.git(t, "commit", "-q", "--allow-empty", "-m", "x")
	p.git(t, "tag", "nightly")
	_, err := build.Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), `is no version: give a version`) {
		t.Errorf("says %v", err)
	}
}

func TestOutsideGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "build.sh"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	c := project{dir}.config(artifact.TarGz)
	if r := mustRun(t, c); r.Info.Commit != "" || r.Info.Dirty {
		t.Errorf("got %+v", r.Info)
	}
	c.Version = ""
	runFails(t, c, "build checkout: the project is not in git, so nothing tells its version: give one")
}

// TestFinishedFile takes what the project's own build packs.
func TestFinishedFile(t *testing.T) {
	t.Parallel()
	needs(t, "tar")
	p := newProject(t, nil)
	c := p.config(artifact.TarGz)
	c.Tree, c.Out, c.File = "", "", "dist/*.tar.gz"
	c.Command = "sh build.sh && mkdir -p dist && tar -C stage/opt -czf dist/checkout-$SLIPWAY_VERSION.tar.gz ."
	r := mustRun(t, c)
	if r.File != filepath.Join(p.dir, "dist/checkout-1.4.0.tar.gz") || r.Info.Version != "1.4.0" {
		t.Errorf("got %+v", r)
	}
	// The file of the last version is still there, and the new one is taken.
	c.Version = "1.5.0"
	if r := mustRun(t, c); r.File != filepath.Join(p.dir, "dist/checkout-1.5.0.tar.gz") {
		t.Errorf("got %+v", r)
	}
	c.Command = "true"
	runFails(t, c, "build checkout 1.5.0: 2 files fit dist/*.tar.gz (checkout-1.4.0.tar.gz, checkout-1.5.0.tar.gz), and one is needed: name it more closely, or clean up before the build")
	c.File = "dist/*-1.4.0.tar.gz"
	runFails(t, c, "build checkout 1.5.0: checkout-1.4.0.tar.gz: it is named for version 1.4.0; 1.5.0 was asked for: name the right file or version")
	c.File = "dist/*.deb"
	runFails(t, c, "build checkout 1.5.0: the build left no file dist/*.deb in "+p.dir+": correct the pattern or the build")
}

func TestStaleCommit(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	old := p.git(t, "rev-parse", "HEAD")
	mustRun(t, p.config(artifact.TarGz))
	p.git(t, "commit", "-q", "--allow-empty", "-m", "second")
	c := p.config(artifact.TarGz)
	c.Command, c.File, c.Tree = "", "dist/checkout_1.4.0_all.tar.gz", ""
	file := filepath.Join(p.dir, c.File)
	runFails(t, c, "build checkout 1.4.0: "+file+" was built from commit "+old+", and the project is at "+p.git(t, "rev-parse", "HEAD")+": remove it and build again")
	if _, err := os.Stat(file); err != nil {
		t.Errorf("somebody's file was removed: %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	good := build.Config{Dir: t.TempDir(), Format: artifact.Deb, Name: "checkout", Version: "1", Tree: "stage", Out: "dist"}
	for says, change := range map[string]func(*build.Config){
		`build: format "zip" is not known; deb and tar.gz are`:                                                   func(c *build.Config) { c.Format = "zip" },
		`build: name "$(id)" is not allowed; a name is a-z 0-9 + . - and starts with a letter or a digit`:        func(c *build.Config) { c.Name = "$(id)" },
		`build: architecture "x y" is not a name like amd64, arm64 or all`:                                       func(c *build.Config) { c.Arch = "x y" },
		`build: say either the file or the directory tree that the build leaves`:                                 func(c *build.Config) { c.File = "x" },
		`build: say the directory that the artifact is to be written to`:                                         func(c *build.Config) { c.Out = "" },
		`build: "../stage" is not below the project; what a build leaves is named relative to it`:                func(c *build.Config) { c.Tree = "../stage" },
		`build: "/stage" is not below the project; what a build leaves is named relative to it`:                  func(c *build.Config) { c.Tree = "/stage" },
		`build: the project /does/not/exist is not a directory`:                                                  func(c *build.Config) { c.Dir = "/does/not/exist" },
		`build checkout: version "one": it does not start with a digit`:                                          func(c *build.Config) { c.Version = "one" },
		`build checkout 1: the build left no directory stage in ` + good.Dir + `: correct the name or the build`: func(c *build.Config) {},
		`build checkout 1: the build command ended with exit status 3; its output says why`:                      func(c *build.Config) { c.Command = "exit 3" },
	} {
		c := good
		change(&c)
		runFails(t, c, says)
	}
	if left, _ := os.ReadDir(good.Dir); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}

// TestBadTree stages what must not be packed, and wants no artifact.
func TestBadTree(t *testing.T) {
	t.Parallel()
	for says, command := range map[string]string{
		"build checkout 1: read what the build left: p is a device, pipe or socket; files, directories and links are allowed: leave it out":                                                                 "mkfifo stage/p",
		"build checkout 1: read what the build left: s is setuid or setgid; such files are not allowed: chmod u-s,g-s in the build":                                                                         "touch stage/s && chmod 4755 stage/s",
		`build checkout 1: checkout_1_all.tar.gz: "l": the link points to the absolute path "/etc/passwd"; a link points to something in the archive: make the link on the host, or pack what it points to`: "touch stage/x && ln -s /etc/passwd stage/l",
		`build checkout 1: checkout_1_all.tar.gz: there is no file in it: look at what the build left`:                                                                                                      "mkdir stage/d",
	} {
		dir := t.TempDir()
		runFails(t, build.Config{Dir: dir, Format: artifact.TarGz, Name: "checkout", Version: "1", Command: "mkdir stage && " + command, Tree: "stage", Out: filepath.Join(dir, "dist")}, says)
		if left, _ := filepath.Glob(filepath.Join(dir, "dist", "*")); len(left) != 0 {
			t.Errorf("left behind %v", left)
		}
	}
}

// TestCancel stops a build in the middle, and what it has started with it: also what
// does not listen when it is asked to end.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, child := range map[string]string{"polite": "echo; sleep 1000", "deaf": `trap "" TERM; echo; sleep 1000`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fifo := filepath.Join(dir, "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Skipf("no named pipes here: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := build.Run(ctx, build.Config{Dir: dir, Format: artifact.TarGz, Name: "checkout", Version: "1", Tree: "stage", Out: "dist",
					Command: "(" + child + ") >fifo & wait"})
				done <- err
			}()
			f, err := os.Open(fifo) // returns when the child has opened the other end
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.Read(make([]byte, 1)); err != nil { // it is past its trap
				t.Fatal(err)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) || err.Error() != "build checkout 1: the build command was stopped: context canceled" {
				t.Errorf("says %v", err)
			}
			if _, err := io.ReadAll(f); err != nil { // ends when the child has
				t.Error(err)
			}
		})
	}
}
