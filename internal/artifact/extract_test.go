package artifact_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact"
)

// treeOf describes every file below a directory: mode, time, content, link.
func treeOf(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		switch st.Mode().Type() {
		case fs.ModeSymlink:
			to, err := os.Readlink(p)
			fmt.Fprintf(&b, "%s -> %s\n", rel, to)
			return err
		case 0:
			content, err := os.ReadFile(p)
			fmt.Fprintf(&b, "%s %v %d %q\n", rel, st.Mode(), st.ModTime().Unix(), content)
			return err
		}
		fmt.Fprintf(&b, "%s %v\n", rel, st.Mode())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExtract(t *testing.T) {
	t.Parallel()
	b := targz(t, dir("closed").with(mode(0o555)), file("closed/in", "x").with(mode(0o400)), file("a/b/c", "deep").with(mode(0o755)),
		link(tar.TypeSymlink, "a/l", "b/c"), link(tar.TypeSymlink, "dangling", "nothing"), link(tar.TypeLink, "a/h", "./a/b/c"), file("empty", ""))
	into := filepath.Join(t.TempDir(), "release")
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(into, "closed"), 0o755) })
	info, err := artifact.Extract(t.Context(), bytes.NewReader(b), into, artifact.Want{Name: "checkout", Version: "1", Digest: digestOf(b)})
	if err != nil {
		t.Fatal(err)
	}
	want := `. drwxr-xr-x
a drwxr-xr-x
a/b drwxr-xr-x
a/b/c -rwxr-xr-x 1700000000 "deep"
a/h -rwxr-xr-x 1700000000 "deep"
a/l -> b/c
closed dr-xr-xr-x
closed/in -r-------- 1700000000 "x"
dangling -> nothing
empty -rw-r--r-- 1700000000 ""
`
	if got := treeOf(t, into); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if info.Digest != digestOf(b) || info.Size != int64(len(b)) || info.Files != 6 || info.Arch != "all" || info.Name != "checkout" {
		t.Errorf("got %+v", info)
	}
	a, _ := os.Stat(filepath.Join(into, "a/h"))
	c, _ := os.Stat(filepath.Join(into, "a/b/c"))
	if !os.SameFile(a, c) {
		t.Error("the hard link is a copy")
	}
}

// TestExtractLikeTar unpacks what GNU tar packs, and compares with what it unpacks.
func TestExtractLikeTar(t *testing.T) {
	t.Parallel()
	gnu, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("there is no tar here to compare with")
	}
	src := t.TempDir()
	long := strings.Repeat("long/", 60)
	for name, content := range map[string]string{"bin/app": "x", long + strings.Repeat("n", 120): "far down", "ümlaut": "y"} {
		name = filepath.Join(src, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("app", filepath.Join(src, "bin/link")), os.Link(filepath.Join(src, "bin/app"), filepath.Join(src, "bin/hard"))); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"gnu", "pax", "oldgnu"} {
		packed := filepath.Join(t.TempDir(), "x-1.tar.gz")
		if out, err := exec.Command(gnu, "-C", src, "--format="+format, "-czf", packed, ".").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		f, err := os.Open(packed)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		into := filepath.Join(t.TempDir(), "release")
		if _, err := artifact.Extract(t.Context(), f, into, artifact.Want{}); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if got, want := treeOf(t, into), treeOf(t, src); got != want {
			t.Errorf("%s: got\n%swant\n%s", format, got, want)
		}
	}
}

func TestExtractPlace(t *testing.T) {
	t.Parallel()
	b := targz(t, file("x", "x"))
	there := t.TempDir()
	_, err := artifact.Extract(t.Context(), bytes.NewReader(b), there, artifact.Want{})
	if err == nil || err.Error() != "extract into "+there+": it exists already" {
		t.Errorf("says %v", err)
	}
	_, err = artifact.Extract(t.Context(), bytes.NewReader(b), filepath.Join(there, "no/release"), artifact.Want{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("says %v", err)
	}
	if left, _ := os.ReadDir(there); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}

// failing breaks off in the middle, as a connection does.
type failing struct{ b []byte }

var errBroken = errors.New("connection reset")

func (f *failing) Read(p []byte) (int, error) {
	if len(f.b) == 0 {
		return 0, &fs.PathError{Op: "read", Path: "socket", Err: errBroken}
	}
	n := copy(p, f.b[:min(len(f.b), 100)])
	f.b = f.b[n:]
	return n, nil
}

func TestExtractBreaksOff(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	b := targz(t, file("x", strings.Repeat("0123456789", 2000)), file("y", "y"))
	_, err := artifact.Extract(t.Context(), &failing{b[:len(b)/2]}, filepath.Join(parent, "release"), artifact.Want{})
	if !errors.Is(err, errBroken) || errors.Is(err, artifact.ErrRefused) {
		t.Errorf("says %v: not the archive is to blame", err)
	}
	if left, _ := os.ReadDir(parent); len(left) != 0 {
		t.Errorf("left behind %v", left)
	}
}
