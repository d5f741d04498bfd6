package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
	"github.com/slipway-deploy/slipway/internal/host/unit"
	"pgregory.net/rapid"
)

// still is a host on which nothing runs.
type still struct{}

func (still) Status(_ context.Context, names ...string) ([]unit.Status, error) {
	var all []unit.Status
	for _, n := range names {
		all = append(all, unit.Status{Name: n, Environment: []string{"/etc/default/demo"}})
	}
	return all, nil
}

func spec() host.Spec {
	return host.Spec{Format: "tar.gz", Directory: "/opt/demo", Units: []string{"demo@1.service"}, Config: []string{"/etc/demo"}, Data: []string{"/etc/demo/data"}}
}

type failer interface {
	Helper()
	Fatal(...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func place(t failer, h Host, path, text string, mode os.FileMode) {
	t.Helper()
	at := h.Root.Path(path)
	must(t, os.MkdirAll(filepath.Dir(at), 0o755))
	must(t, os.WriteFile(at, []byte(text), 0o600))
	must(t, syscall.Chmod(at, uint32(mode)))
}

func capture(t failer, h Host, watch ...string) Seen {
	t.Helper()
	seen, err := h.Capture(context.Background(), spec(), watch)
	must(t, err)
	return seen
}

func TestCaptureFindsWhatBelongsToTheService(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	want := []string{"/etc/default/demo", "/etc/demo", "/etc/demo/a.conf", "/etc/elsewhere", "/etc/elsewhere/b.conf", "/etc/demo/link"}
	place(t, h, "/etc/default/demo", "x", 0o644)
	place(t, h, "/etc/demo/a.conf", "x", 0o4755)
	place(t, h, "/etc/demo/data/db", "x", 0o644)
	place(t, h, "/etc/elsewhere/b.conf", "x", 0o644)
	place(t, h, "/etc/other.conf", "x", 0o644)
	must(t, os.Symlink("/nowhere", h.Root.Path("/etc/demo/link")))
	for _, p := range []string{"/etc/systemd/system/demo@.service", "/etc/systemd/system/demo@1.service.d/x.conf", "/etc/systemd/system/demo@.service.d/y.conf"} {
		place(t, h, p, "x", 0o644)
		want = append(want, p)
		if strings.HasSuffix(p, ".conf") {
			want = append(want, filepath.Dir(p))
		}
	}
	place(t, h, "/etc/systemd/system/other.service", "x", 0o644)
	must(t, os.MkdirAll(h.Root.Path("/etc/systemd/system/multi-user.target.wants"), 0o755))
	for _, l := range []string{"/etc/systemd/system/multi-user.target.wants/demo@1.service", "/etc/systemd/system/alias.service"} {
		must(t, os.Symlink("../x/demo@1.service", h.Root.Path(l)))
		want = append(want, l)
	}
	s := spec()
	s.Config = append(s.Config, "/etc/linked")
	must(t, os.Symlink("elsewhere", h.Root.Path("/etc/linked")))
	want = append(want, "/etc/linked")

	seen, err := h.Capture(t.Context(), s, nil)
	must(t, err)
	var got []string
	for _, f := range seen.State.Files {
		got = append(got, f.Path)
		if f.Path == "/etc/demo/a.conf" && (f.Mode != 0o4755 || f.Kind != state.Regular || f.Digest == "") {
			t.Errorf("a.conf: %+v", f)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("found\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	place(t, h, "/etc/demo/large", "", 0o644)
	must(t, os.Truncate(h.Root.Path("/etc/demo/large"), mostBytes+1)) // takes no room
	if _, err := h.Capture(t.Context(), spec(), nil); !errors.Is(err, ErrTooMuch) || !strings.Contains(err.Error(), "/etc/demo") {
		t.Fatalf("error: %v", err)
	}
}

// scribble does something to a file, as an update, a script or a person would.
func scribble(t *rapid.T, h Host, label string) {
	path := "/etc/demo/" + rapid.SampledFrom([]string{"a", "b", "d/a", "d/b"}).Draw(t, label+" path")
	at := h.Root.Path(path)
	must(t, os.MkdirAll(h.Root.Path("/etc/demo"), 0o755))
	switch rapid.IntRange(0, 4).Draw(t, label) {
	case 0:
		must(t, os.RemoveAll(at))
	case 1:
		must(t, os.RemoveAll(at))
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.Symlink(fmt.Sprint("to", rapid.IntRange(0, 1).Draw(t, "target")), at))
	case 2:
		must(t, os.RemoveAll(h.Root.Path("/etc/demo/d")))
	case 3:
		must(t, os.RemoveAll(at))
		must(t, os.MkdirAll(at, 0o711))
	default:
		must(t, os.RemoveAll(at))
		place(t, h, path, fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "content")), rapid.SampledFrom([]os.FileMode{0o600, 0o640, 0o755}).Draw(t, "mode"))
	}
}

// Whatever was there, whatever was done to it since: put back, it is as it was, and
// the state says so.
func TestPutAndDropBringBackWhatWas(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		h := Host{Root: root.Dir(filepath.Join(base, fmt.Sprint(n))), Units: still{}}
		dir := filepath.Join(base, fmt.Sprint(n, "record"))
		for i := range rapid.IntRange(0, 5).Draw(t, "before") {
			scribble(t, h, fmt.Sprint("before ", i))
		}
		before := capture(t, h)
		must(t, Save(dir, Record{Spec: spec(), State: before.State}, before))
		for i := range rapid.IntRange(0, 5).Draw(t, "after") {
			scribble(t, h, fmt.Sprint("after ", i))
		}
		r, err := Load(dir)
		must(t, err)
		now := capture(t, h)
		_, err = h.Drop(context.Background(), r.State.Files, now)
		must(t, err)
		_, err = h.Put(context.Background(), dir, r.State.Files, capture(t, h).State.Files)
		must(t, err)
		if d := state.Compare(r.State, capture(t, h).State); len(d) > 0 {
			t.Fatalf("not as it was: %+v", d)
		}
	})
}

func TestRecordIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	dir := filepath.Join(t.TempDir(), "r1")
	if _, err := Load(dir); !errors.Is(err, ErrNone) {
		t.Fatalf("no record: %v", err)
	}
	place(t, h, "/etc/demo/a", "secret", 0o600)
	seen := capture(t, h)
	must(t, Save(dir, Record{State: seen.State}, seen))
	data, err := os.ReadFile(filepath.Join(dir, "record.json"))
	must(t, err)
	if strings.Contains(string(data), "secret") {
		t.Fatal("content is in the record")
	}
	must(t, Progress{Begun: true, Versions: []string{"1"}}.Save(dir))
	if p, err := LoadProgress(dir); err != nil || !p.Begun || len(p.Versions) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
}
