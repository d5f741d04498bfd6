package build_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/artifact/build"
)

// grow makes a tree of directories, files and links, as a machine draws them.
func grow(t *rapid.T, dir string) {
	name := rapid.StringMatching(`[a-zäß ][a-z0-9 ._\[*-]{0,140}`).Filter(func(s string) bool { return len(s) < 255 })
	dirs := []string{dir}
	for range rapid.IntRange(1, 12).Draw(t, "items") {
		into := rapid.SampledFrom(dirs).Draw(t, "into")
		path := filepath.Join(into, name.Draw(t, "name"))
		if _, err := os.Lstat(path); err == nil || len(path) > 3000 {
			continue
		}
		var err error
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			err = os.Mkdir(path, 0o700)
			dirs = append(dirs, path)
		case 1:
			err = os.Symlink(name.Draw(t, "target"), path)
		default:
			mode := rapid.SampledFrom([]fs.FileMode{0o600, 0o644, 0o666, 0o700, 0o775}).Draw(t, "mode")
			err = errors.Join(os.WriteFile(path, rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content"), 0o600), os.Chmod(path, mode))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "0"), nil, 0o644); err != nil { // an archive has a file
		t.Fatal(err)
	}
}

// describe lists a tree with what packing keeps: names, content, links, and
// whether the owner may execute.
func describe(t *rapid.T, dir string) string {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%q %v", p[len(dir):], st.Mode().Type())
		switch st.Mode().Type() {
		case 0:
			content, err := os.ReadFile(p)
			fmt.Fprintf(&b, " %v %x\n", st.Mode()&0o100 != 0, content)
			return err
		case fs.ModeSymlink:
			to, err := os.Readlink(p)
			fmt.Fprintf(&b, " %q\n", to)
			return err
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPackExtractIdentity holds that what was packed comes out again, that the modes
// are normal, and that a second packing, of what came out, is the same bytes.
func TestPackExtractIdentity(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		src, out := filepath.Join(base, fmt.Sprint("src", n)), filepath.Join(base, fmt.Sprint("out", n))
		if err := os.Mkdir(src, 0o755); err != nil {
			t.Fatal(err)
		}
		grow(t, src)
		stamp := build.Stamp{Time: time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "time"), 0), Commit: strings.Repeat("0", 40)}
		var first, second bytes.Buffer
		if err := build.TarGz(t.Context(), &first, src, stamp); err != nil {
			t.Fatal(err)
		}
		info, err := artifact.Extract(t.Context(), bytes.NewReader(first.Bytes()), out, artifact.Want{})
		if err != nil {
			if strings.Contains(err.Error(), "goes round in a circle") {
				return // links were drawn that point at each other
			}
			t.Fatal(err)
		}
		if got, want := describe(t, out), describe(t, src); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
		if err := build.TarGz(t.Context(), &second, out, stamp); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) || info.Commit != stamp.Commit {
			t.Fatal("packing what came out gives other bytes")
		}
	})
}
