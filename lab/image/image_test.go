package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/lab/lock"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nothing", nil, fallback},
		{"one line", map[string]string{"sources.list": "# deb http://no/ bookworm main\ndeb-src http://src/ bookworm main\ndeb http://a/debian bookworm main contrib\n"}, "http://a/debian"},
		{"options", map[string]string{"sources.list": "deb [ arch=amd64 signed-by=/k.gpg ] https://a/debian bookworm main\n"}, "https://a/debian"},
		{"another suite first", map[string]string{"sources.list": "deb http://a/security bookworm-security main\ndeb http://a/x trixie main\n", "sources.list.d/b.list": "deb http://b/debian bookworm main\n"}, "http://b/debian"},
		{"no main", map[string]string{"sources.list": "deb http://a/debian bookworm contrib\n"}, fallback},
		{"deb822", map[string]string{"sources.list.d/debian.sources": "Types: deb\n# http://snapshot/\nURIs: http://c/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\nTypes: deb\nURIs: http://c/security\nSuites: bookworm-security\nComponents: main\n"}, "http://c/debian"},
		{"deb822 disabled", map[string]string{"sources.list.d/debian.sources": "Types: deb\nURIs: http://c/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n"}, fallback},
		{"what debootstrap cannot read", map[string]string{"sources.list": "deb cdrom:[Debian]/ bookworm main\ndeb tor+http://a/ bookworm main\n"}, fallback},
		{"rubbish", map[string]string{"sources.list": "deb [\ndeb\n\x00", "sources.list.d/x.sources": ":\n:::\n\n\n"}, fallback},
	} {
		etc := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(etc, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := mirror(etc); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	plain := Recipe{}.Digest()
	if same := (Recipe{Packages: []string{"sudo", "curl"}}).Digest(); same != plain {
		t.Errorf("packages that are there anyhow change the digest: %s, %s", same, plain)
	}
	a, b := Recipe{Packages: []string{"redis-server", "nginx-light"}}.Digest(), Recipe{Packages: []string{"nginx-light", "redis-server", "redis-server"}}.Digest()
	if a != b || a == plain {
		t.Errorf("digests %s and %s, plain %s", a, b, plain)
	}
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	path := filepath.Join(cache, Suite+"-"+Recipe{}.Digest())
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := Ensure(t.Context(), cache, Recipe{}, func(line string) { t.Errorf("with the image there, it says %q", line) })
	if err != nil || got != path {
		t.Errorf("%q, want %q: %v", got, path, err)
	}
	// Somebody else builds another one: waiting says so, and can be given up.
	other := Recipe{Packages: []string{"nginx-light"}}
	missing, ok := Cached(cache, other)
	if ok {
		t.Fatal("an image that was never built is there")
	}
	release, err := lock.Take(t.Context(), missing+".lock", func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Ensure(ctx, cache, other, func(line string) {
		if !strings.Contains(line, "waiting for another lab") {
			t.Errorf("it says %q", line)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}

// A build that goes wrong leaves nothing, and names what went wrong.
func TestBuildFails(t *testing.T) {
	tools := t.TempDir()
	script := "#!/bin/sh\nfor last; do :; done\nmkdir -p \"$4\"/etc; echo one; echo 'E: no such suite' >&2; exit 1\n"
	if err := os.WriteFile(filepath.Join(tools, "debootstrap"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	cache := t.TempDir()
	_, err := Ensure(t.Context(), cache, Recipe{}, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "E: no such suite") {
		t.Errorf("%v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*.building"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, ok := Cached(cache, Recipe{}); ok {
		t.Error("half an image is in the cache")
	}
}
