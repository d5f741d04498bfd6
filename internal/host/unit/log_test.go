package unit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// TestLogIsReadFromWhereTheLastLookEnded appends, cuts short and replaces a log.
func TestLogIsReadFromWhereTheLastLookEnded(t *testing.T) {
	t.Parallel()
	p := Process{Root: root.Dir(t.TempDir())}
	path := p.logFile("a.service")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	cursor := ""
	look := func(why, want string) {
		t.Helper()
		var got []string
		next, err := p.Log(t.Context(), cursor, []string{"a.service", "none.service"}, func(line []byte) { got = append(got, string(line)) })
		if err != nil || strings.Join(got, "|") != want {
			t.Fatalf("%s: %q, %v", why, got, err)
		}
		cursor = next
	}
	write := func(flag int, text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(0, "before\n")
	look("the first look", "")
	look("nothing came", "")
	write(os.O_APPEND, "one\ntwo\nthr")
	look("two lines and a half", "one|two")
	write(os.O_APPEND, "ee\n"+strings.Repeat("x", 3*longest)+"\nlast\n")
	look("the other half, and a long one", "three|"+strings.Repeat("x", longest)+"|last")
	write(os.O_TRUNC, "anew\n")
	look("cut short", "anew")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(0, strings.Repeat("y\n", 5))
	look("replaced", "y|y|y|y|y")
	if _, err := p.Log(t.Context(), "1:-2,0:0", []string{"a", "b"}, nil); err == nil {
		t.Fatal("a cursor that is none was understood")
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add("12:34,0:0")
	f.Fuzz(func(t *testing.T, cursor string) {
		all, err := parsePlaces(cursor, 2)
		if err == nil && (len(all) != 2 || all[0].offset < 0 || all[1].offset < 0) {
			t.Fatalf("%q: %+v", cursor, all)
		}
	})
}
