package local

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/internal/method/methodtest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// newFleet makes hosts h1 to hN in a directory that is gone, with all that runs there,
// when the test ends.
func newFleet(t *testing.T, hosts int) *Fleet {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { end(t, dir) })
	for i := 1; i <= hosts; i++ {
		root := filepath.Join(dir, "h"+strconv.Itoa(i))
		write(t, filepath.Join(root, hostFile), fmt.Sprintf(`{"address": "127.77.0.%d", "zone": "z%d"}`, i, i%2))
		write(t, filepath.Join(root, "etc/systemd/system", methodtest.UnitName), methodtest.Unit)
	}
	f, err := New(Config{Directory: dir, Helper: helper})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMethod(t *testing.T) {
	t.Parallel()
	methodtest.Exercise(t, "127.0.0.1", func(t *testing.T, s *methodtest.Service) methodtest.Site {
		f := newFleet(t, 3)
		f.cfg.Store = s.Store
		return methodtest.Site{
			Method: f, Hosts: []string{"h1", "h2", "h3"}, Project: f.cfg.Directory,
			Place: rollout.Method{Local: &rollout.Local{Directory: f.cfg.Directory}},
			Changes: func(t testing.TB, host string) int {
				b, err := os.ReadFile(filepath.Join(f.cfg.Directory, host, methodtest.Starts))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				return strings.Count(string(b), "\n")
			},
			Cut: func(t testing.TB, host string) {
				if err := os.Remove(filepath.Join(f.cfg.Directory, host, hostFile)); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// end kills what runs in a directory.
func end(t *testing.T, dir string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		at, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(at, dir+"/") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3)
	write(t, filepath.Join(f.cfg.Directory, "notes/README"), "a directory that is no host")
	write(t, filepath.Join(f.cfg.Directory, "file"), "no directory")
	hosts, err := f.Hosts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range hosts {
		got = append(got, fmt.Sprintf("%s %s %s %s", h.Name, h.Address, h.Zone, h.Arch))
	}
	arch := runtime.GOARCH
	want := []string{"h1 127.77.0.1 z1 " + arch, "h2 127.77.0.2 z0 " + arch, "h3 127.77.0.3 z1 " + arch}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	spec := rollout.Spec{Format: "tar.gz", Directory: methodtest.Directory, Units: []string{methodtest.UnitName}}
	got, err := f.Facts(t.Context(), methodtest.Name, spec, []string{"h1", "h2", "h9", "../h1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"h1", "h2"} {
		if g := got[h]; g.Outcome != rollout.OK || g.Facts == nil || g.Facts.Arch != runtime.GOARCH || g.Facts.Version != "" || g.Facts.Running {
			t.Errorf("%s: got %+v", h, g)
		}
	}
	for _, h := range []string{"h9", "../h1"} {
		if g := got[h]; g.Outcome != rollout.Unreachable || g.Reason == "" || g.Facts != nil {
			t.Errorf("%s: got %+v", h, g)
		}
	}
}

func TestBadHosts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`:                       "unexpected end of JSON input",
		`{}`:                      `address is "", and must be one of this machine's loopback`,
		`{"address": "10.0.0.1"}`: `address is "10.0.0.1", and must be one of this machine's loopback`,
		`{"address": "127.0.0.1", "arch": "mips"}`: `arch is "mips" (allowed: amd64, arm64, or none for this machine's)`,
	} {
		f := newFleet(t, 1)
		write(t, filepath.Join(f.cfg.Directory, "h1", hostFile), text)
		if _, err := f.Hosts(t.Context()); !errors.Is(err, ErrFleet) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
	if _, err := New(Config{Directory: "fleet"}); !errors.Is(err, ErrFleet) {
		t.Errorf("got %v, want a relative directory refused", err)
	}
	none, err := New(Config{Directory: "/nonexistent/fleet"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Hosts(t.Context()); !errors.Is(err, ErrFleet) {
		t.Errorf("got %v, want a missing directory named", err)
	}
}

func FuzzHost(f *testing.F) {
	f.Add([]byte(`{"address": "127.77.0.1", "zone": "a"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHost(b)
		if err != nil {
			return
		}
		if a, err := netip.ParseAddr(h.Address); err != nil || !a.IsLoopback() || h.Arch == "" {
			t.Errorf("%q became %+v", b, h)
		}
	})
}

func TestHelperThatMisbehaves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"says nothing":   {"echo out of memory >&2; exit 3", "the helper gave no answer (exit status 3): out of memory"},
		"says no JSON":   {"echo hello", "answer of the helper"},
		"is of tomorrow": {`echo '{"protocol": 99, "code": "ok"}'`, "protocol 99"},
		"is killed":      {"kill -9 $$", "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, 1)
			f.cfg.Helper = filepath.Join(f.cfg.Directory, "helper")
			write(t, f.cfg.Helper, "#!/bin/sh\n"+c.script+"\n")
			if err := os.Chmod(f.cfg.Helper, 0o755); err != nil {
				t.Fatal(err)
			}
			got, err := f.Facts(t.Context(), methodtest.Name, rollout.Spec{}, []string{"h1"})
			if err != nil {
				t.Fatal(err)
			}
			if g := got["h1"]; g.Outcome != rollout.Failed || !strings.Contains(g.Reason, c.want) {
				t.Errorf("got %+v, want %q", g, c.want)
			}
		})
	}
}
