package root

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

func TestPathNeverLeavesTheDirectory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"..", ".", "a", "/", ""})).Draw(t, "parts"), "/")
		d := Dir("/srv/host")
		at := d.Path(p)
		if at != "/srv/host" && !strings.HasPrefix(at, "/srv/host/") {
			t.Fatalf("%q is at %q", p, at)
		}
		if back := d.Path(d.Of(at)); back != at {
			t.Fatalf("%q comes back as %q", at, back)
		}
	})
}

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dir      Dir
		in, want string
	}{
		{"", "/etc/x", "/etc/x"},
		{"/", "/etc/x", "/etc/x"},
		{"/srv/host", "/srv/host/etc/x", "/etc/x"},
		{"/srv/host", "/srv/host", "/"},
		{"/srv/host", "/srv/hostile/x", "/srv/hostile/x"},
	} {
		if got := c.dir.Of(c.in); got != c.want {
			t.Errorf("%q of %q: %q, expected %q", c.dir, c.in, got, c.want)
		}
	}
}

func TestWriteLeavesTheOldWhenItFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x")
	if err := Write(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Replace(path, func(temp string) error {
		return errors.Join(os.WriteFile(temp, []byte("half"), 0o600), broken)
	})
	data, readErr := os.ReadFile(path)
	entries, _ := os.ReadDir(filepath.Dir(path))
	if !errors.Is(err, broken) || readErr != nil || string(data) != "old" || len(entries) != 1 {
		t.Fatalf("%v, %q, %v, %v", err, data, readErr, entries)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	if !Full(fmt.Errorf("write x: %w", &os.PathError{Op: "write", Err: syscall.ENOSPC})) || Full(os.ErrNotExist) || Full(nil) {
		t.Fatal("not told apart")
	}
	if free, err := Free(filepath.Join(t.TempDir(), "not", "there", "yet")); err != nil || free <= 0 {
		t.Fatalf("free: %d, %v", free, err)
	}
}
