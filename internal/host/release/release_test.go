package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

func newDir(t *testing.T) Dir {
	t.Helper()
	return Dir{Root: root.Dir(t.TempDir()), Path: "/opt/demo"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unpack makes a release out of nothing.
func unpack(_ context.Context, _, dir string) error {
	return errors.Join(os.MkdirAll(filepath.Join(dir, "bin"), 0o755), os.WriteFile(filepath.Join(dir, "bin", "x"), []byte("x"), 0o755))
}

func add(t *testing.T, d Dir, version string, age time.Duration) {
	t.Helper()
	must(t, d.Stage(t.Context(), version, "", unpack))
	must(t, d.Commit(version))
	at := time.Now().Add(-age)
	must(t, os.Chtimes(d.At(version), at, at))
}

func TestReleaseIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	must(t, d.Stage(t.Context(), "1", "", unpack))
	if kept, err := d.Kept(); err != nil || len(kept) > 0 || d.Has("1") {
		t.Fatalf("staged, and there: %v, %v", kept, err)
	}
	// What a cut-off unpacking leaves is cleared by the next one.
	must(t, os.MkdirAll(filepath.Join(filepath.Dir(d.At("1")), ".1.tmp.part-123", "bin"), 0o755))
	must(t, d.Stage(t.Context(), "1", "", unpack))
	must(t, d.Commit("1"))
	entries, err := os.ReadDir(filepath.Dir(d.At("1")))
	if err != nil || len(entries) != 1 || !d.Has("1") {
		t.Fatalf("there: %v, %v", entries, err)
	}
	broken := errors.New("broken")
	err = d.Stage(t.Context(), "2", "", func(ctx context.Context, file, dir string) error {
		return errors.Join(unpack(ctx, file, dir), broken)
	})
	if entries, _ := os.ReadDir(filepath.Dir(d.At("1"))); !errors.Is(err, broken) || len(entries) != 1 {
		t.Fatalf("after a failure: %v, %v", entries, err)
	}
}

func TestPoint(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	add(t, d, "1", 0)
	if current, err := d.Current(); err != nil || current != "" {
		t.Fatalf("no link: %q, %v", current, err)
	}
	for _, target := range []string{"releases/1", "releases/2", "/elsewhere", "", ""} {
		must(t, d.Point(target))
		if current, err := d.Current(); err != nil || current != target {
			t.Fatalf("%q: %q, %v", target, current, err)
		}
	}
	must(t, os.WriteFile(d.link(), nil, 0o644))
	if _, err := d.Current(); err == nil {
		t.Fatal("a file is taken for the link")
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keep   int
		needed []string
		left   []string
	}{
		"oldest go":         {2, nil, []string{"d", "b"}},
		"needed stay":       {2, []string{"c"}, []string{"c", "b"}},
		"more needed":       {1, []string{"a", "c"}, []string{"c", "a"}},
		"nothing to do":     {9, nil, []string{"c", "a", "d", "b"}},
		"unknown is needed": {1, []string{"z"}, []string{"b"}},
	} {
		d := newDir(t)
		for i, v := range []string{"b", "d", "a", "c"} { // the last is the oldest
			add(t, d, v, time.Duration(i+1)*time.Hour)
		}
		removed, err := d.Prune(c.keep, c.needed)
		must(t, err)
		kept, err := d.Kept()
		must(t, err)
		if !slices.Equal(kept, c.left) || len(kept)+len(removed) != 4 {
			t.Errorf("%s: left %v, removed %v; expected %v", name, kept, removed, c.left)
		}
	}
}

func TestRemoveOfTheLast(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	add(t, d, "1", 0)
	must(t, d.Remove("1"))
	must(t, d.Remove("1"))
	if _, err := os.Stat(filepath.Dir(d.At("1"))); !os.IsNotExist(err) {
		t.Fatalf("releases is still there: %v", err)
	}
}
