package pack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/lab/sample"
)

// pad is the size of the large variant in these tests.
const pad = 8 << 20

// shared is a cache that the tests have in common: packing takes a while.
var shared string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "pack")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func all(t *testing.T, cache string) []Artifact {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not in PATH: the sample cannot be built")
	}
	list, err := All(t.Context(), Config{Dir: t.TempDir(), Cache: cache, Pad: pad})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Every artifact is one that Slipway takes, and is what it says it is.
func TestArtifactsAreSound(t *testing.T) {
	t.Parallel()
	list := all(t, shared)
	formats := map[string]int{}
	for _, a := range list {
		formats[a.Format]++
		info, err := artifact.Inspect(t.Context(), a.Path, artifact.Want{Format: a.Format, Name: sample.Name, Version: a.Version, Arch: a.Arch})
		if err != nil {
			t.Errorf("%s: %v", a.Path, err)
			continue
		}
		if info.Digest != a.Digest || info.Size != a.Size {
			t.Errorf("%s: says %s, %d bytes; is %s, %d bytes", a.Path, a.Digest, a.Size, info.Digest, info.Size)
		}
		if a.Padded && (a.Size < pad*9/10 || a.Size > pad*11/10) {
			t.Errorf("%s has %d bytes, want about %d", a.Path, a.Size, pad)
		}
		if a.Format == Deb && (len(info.Conffiles) != 1 || info.Conffiles[0] != ConfigPath || len(info.Units) != 1) {
			t.Errorf("%s: conffiles %v, units %v", a.Path, info.Conffiles, info.Units)
		}
	}
	if n := len(sample.Releases()); formats[Deb] != n || formats[Tarball] != n+2 {
		t.Errorf("%v, want %d of each and two large ones", formats, n)
	}
}

// dpkg-deb reads the packages, and finds in them what should be there.
func TestDpkgReadsIt(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("dpkg-deb is not installed")
	}
	for _, a := range all(t, shared) {
		if a.Format != Deb {
			continue
		}
		fields, err := exec.CommandContext(t.Context(), "dpkg-deb", "--field", a.Path, "Package", "Version", "Architecture").CombinedOutput()
		if want := "Package: checkout\nVersion: " + a.Version + "\nArchitecture: " + a.Arch + "\n"; err != nil || string(fields) != want {
			t.Errorf("%s: %q, want %q: %v", a.Path, fields, want, err)
		}
		list, err := exec.CommandContext(t.Context(), "dpkg-deb", "--contents", a.Path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", a.Path, err, list)
		}
		for _, want := range []string{" ./usr/lib/checkout/bin/checkout\n", " ./etc/checkout/checkout.conf\n", " ./lib/systemd/system/checkout.service\n", "root/root"} {
			if !strings.Contains(string(list), want) {
				t.Errorf("%s lacks %q:\n%s", a.Path, want, list)
			}
		}
	}
}

// Two builds are the same bytes, wherever they are made; what is cached is taken from
// there, and a set that was not finished is made again.
func TestReproducibleAndCached(t *testing.T) {
	t.Parallel()
	list := all(t, shared)
	sets, err := filepath.Glob(filepath.Join(shared, "sample-*", index))
	if err != nil || len(sets) != 1 {
		t.Fatalf("sets %v: %v", sets, err)
	}
	made, err := os.Stat(sets[0])
	if err != nil {
		t.Fatal(err)
	}
	all(t, shared)
	if again, err := os.Stat(sets[0]); err != nil || !again.ModTime().Equal(made.ModTime()) {
		t.Errorf("it was made again: %v", err)
	}
	cache := t.TempDir()
	unfinished := filepath.Join(cache, filepath.Base(filepath.Dir(sets[0])))
	if err := os.Mkdir(unfinished, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, a := range all(t, cache) {
		if a.Digest != list[i].Digest || a.Version != list[i].Version || a.Format != list[i].Format {
			t.Errorf("%s %s: %s, then %s %s: %s", list[i].Format, list[i].Version, list[i].Digest, a.Format, a.Version, a.Digest)
		}
	}
	left, err := filepath.Glob(filepath.Join(cache, ".sample-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v", left)
	}
}

// The packed service runs, answers, and ends when it is told to.
func TestPackedServiceRuns(t *testing.T) {
	t.Parallel()
	for _, a := range all(t, shared) {
		if a.Format != Tarball || (a.Version != "1.1.0" && a.Version != "1.3.0") {
			continue
		}
		dir := t.TempDir()
		if out, err := exec.CommandContext(t.Context(), "tar", "-xzf", a.Path, "-C", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin/checkout"))
		cmd.Env = []string{"ADDRESS=127.0.0.1", "PORT=0"}
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		told := &watched{want: "listens on", seen: make(chan struct{})}
		cmd.Stderr = told
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if a.Version == "1.3.0" {
			if err := cmd.Wait(); err == nil || !strings.Contains(told.text.String(), "does not start") {
				t.Errorf("1.3.0 ends with %v: %s", err, told.text.String())
			}
			continue
		}
		<-told.seen
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("told to end, it ends with %v: %s", err, told.text.String())
		}
	}
}

// watched tells when a program has written something.
type watched struct {
	want string
	text bytes.Buffer
	seen chan struct{}
	told bool
}

func (w *watched) Write(b []byte) (int, error) {
	w.text.Write(b)
	if !w.told && strings.Contains(w.text.String(), w.want) {
		w.told = true
		close(w.seen)
	}
	return len(b), nil
}

// Without Go, a program that can serve the sample is packed in its place.
func TestFallback(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "slipway")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$0\" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	from, err := wrapper(program)
	if err != nil {
		t.Fatal(err)
	}
	files, err := from.build(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := packAll(t.TempDir(), files, Config{Arch: Arch()})
	if err != nil || len(list) != 2*len(sample.Releases()) {
		t.Fatalf("%d artifacts: %v", len(list), err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, f.path), f.text); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, f.path), os.FileMode(f.mode)); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "current") // as on a host: it is started through a link
	if err := os.Symlink(filepath.Join(dir, "bin"), link); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(link, "checkout")).CombinedOutput()
	if want := filepath.Join(dir, "bin/slipway") + " " + sample.Command + "\n"; err != nil || string(out) != want {
		t.Errorf("it runs %q, want %q: %v", out, want, err)
	}
}

func TestNoWayToBuild(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := All(t.Context(), Config{Dir: t.TempDir(), Cache: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "go is not installed; install Debian's package golang-go") {
		t.Errorf("without Go: %v", err)
	}
	other := map[bool]string{true: "arm64", false: "amd64"}[Arch() == "amd64"]
	_, err = All(t.Context(), Config{Dir: t.TempDir(), Cache: t.TempDir(), Arch: other, Fallback: "/bin/true"})
	if err == nil || !strings.Contains(err.Error(), "for "+Arch()+" only") {
		t.Errorf("for another architecture without Go: %v", err)
	}
}

// What is embedded is what is compiled here: a file that is forgotten would make a
// slipway that cannot build its sample.
func TestEmbeddedSourceIsWhole(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=GoFiles", "../sample", "../sample/cmd/checkout").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for _, dir := range []string{"", "cmd/checkout/"} {
		var files struct{ GoFiles []string }
		if err := decoder.Decode(&files); err != nil {
			t.Fatal(err)
		}
		for _, f := range files.GoFiles {
			if _, err := sample.Source.ReadFile(dir + f); err != nil {
				t.Errorf("%s is not embedded: %v", dir+f, err)
			}
		}
	}
}
