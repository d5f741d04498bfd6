package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return "file:" + path
	}
	t.Setenv("SLIPWAY_TEST_SECRET", "hunter2")
	t.Setenv("SLIPWAY_TEST_EMPTY", "")
	t.Setenv("SLIPWAY_TEST_LINES", "hunter2\nhunter3")
	for ref, want := range map[string]string{
		"env:SLIPWAY_TEST_SECRET":                 "hunter2",
		write("own", "hunter2\n", 0o600):          "hunter2",
		write("group", "hunter2", 0o640):          "hunter2",
		write("two", "hunter2\r\nhunter3", 0o600): "hunter2",
	} {
		if got, err := Resolve(ref); err != nil || got != want {
			t.Errorf("%s: %q, %v", ref, got, err)
		}
	}
	for ref, want := range map[string]error{
		"hunter2":                            ErrReference,
		"":                                   ErrReference,
		"env:":                               ErrReference,
		"file:relative/hunter2":              ErrReference,
		"vault:hunter2":                      ErrReference,
		"env:SLIPWAY_TEST_NONE":              ErrMissing,
		"env:SLIPWAY_TEST_EMPTY":             ErrMissing,
		"file:" + filepath.Join(dir, "none"): ErrMissing,
		"file:" + dir:                        ErrMissing,
		write("open", "hunter2", 0o604):      ErrOpen,
		write("large", strings.Repeat("hunter2", most), 0o600): nil,
	} {
		got, err := Resolve(ref)
		if err == nil || got != "" || (want != nil && !errors.Is(err, want)) {
			t.Errorf("%s: %q, %v", ref, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds the secret: %v", ref, err)
		}
	}
}
