package release

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

func TestAlteredSeesWhatIsNotAsItWasUnpacked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(base string) error
		want string // what first; empty: nothing
	}{
		"nothing":           {func(string) error { return nil }, ""},
		"a file beside":     {func(b string) error { return os.WriteFile(filepath.Join(b, "bin", "cache.pyc"), nil, 0o600) }, ""},
		"a file less":       {func(b string) error { return os.Remove(filepath.Join(b, "bin", "x")) }, "bin/x"},
		"a directory less":  {func(b string) error { return os.RemoveAll(filepath.Join(b, "bin")) }, "bin/x"},
		"another mode":      {func(b string) error { return os.Chmod(filepath.Join(b, "bin", "x"), 0o600) }, "bin/x"},
		"another time":      {func(b string) error { return os.Chtimes(filepath.Join(b, "bin", "x"), time.Time{}, time.Unix(1, 0)) }, "bin/x"},
		"another size":      {func(b string) error { return os.Truncate(filepath.Join(b, "bin", "x"), 9) }, "bin/x"},
		"another link":      {func(b string) error { return relink(filepath.Join(b, "link"), "bin/y") }, "link"},
		"a file for a link": {func(b string) error { return replaceWithFile(filepath.Join(b, "link")) }, "link"},
		"a file for a directory": {func(b string) error {
			return replaceWithFile(filepath.Join(b, "bin"))
		}, "bin/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Dir{Root: root.Dir(t.TempDir()), Path: "/opt/x"}
			err := d.Stage(t.Context(), "1", "", func(_ context.Context, _, dir string) error {
				if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, "bin", "x"), []byte("x"), 0o755); err != nil {
					return err
				}
				return os.Symlink("bin/x", filepath.Join(dir, "link"))
			})
			if err != nil {
				t.Fatal(err)
			}
			tree, err := d.StagedTree(t.Context(), "1")
			if err != nil || len(tree) != 2 {
				t.Fatalf("%+v, %v", tree, err)
			}
			if err := d.Commit("1"); err != nil {
				t.Fatal(err)
			}
			if err := c.do(d.At("1")); err != nil {
				t.Fatal(err)
			}
			got, err := d.Altered(t.Context(), "1", tree)
			if err != nil || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Fatalf("%q, %v", got, err)
			}
			again, err := d.Altered(t.Context(), "1", tree)
			if err != nil || again != got {
				t.Fatalf("again: %q, %v", again, err)
			}
		})
	}
}

func relink(at, to string) error {
	if err := os.Remove(at); err != nil {
		return err
	}
	return os.Symlink(to, at)
}

func replaceWithFile(at string) error {
	if err := os.RemoveAll(at); err != nil {
		return err
	}
	return os.WriteFile(at, []byte("x"), 0o755)
}
