package capture

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// capability is cap_net_bind_service, effective and permitted, as the kernel has it.
const capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// list is an access list that lets user 4711 read: entries of tag, permissions and id.
const list = "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\x67\x12\x00\x00" +
	"\x04\x00\x04\x00\xff\xff\xff\xff" + "\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff"

func set(t *testing.T, at, name, value string) {
	t.Helper()
	err := syscall.Setxattr(at, name, []byte(value), 0)
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EPERM) {
		t.Skipf("%s cannot be set here: %v", name, err)
	}
	must(t, err)
}

func TestAttributesComeBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ attribute, value, path string }{
		"an owner's note":            {"user.slipway test", "secret", "/etc/demo/a.conf"},
		"a capability":               {"security.capability", capability, "/etc/demo/a.conf"},
		"an access list":             {"system.posix_acl_access", list, "/etc/demo/a.conf"},
		"an access list for new":     {"system.posix_acl_default", list, "/etc/demo"},
		"a note on a directory":      {"user.note", "noted here", "/etc/demo/d"},
		"a long note with odd signs": {"user.a=b c", strings.Repeat("x\n", 500), "/etc/demo/a.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
			place(t, h, "/etc/demo/a.conf", "a", 0o640)
			place(t, h, "/etc/demo/d/b.conf", "b", 0o640)
			at := h.Root.Path(c.path)
			without := capture(t, h)
			set(t, at, c.attribute, c.value)
			before := capture(t, h)
			dir := filepath.Join(t.TempDir(), "record")
			must(t, Save(dir, Record{Spec: spec(), State: before.State}, before))
			differ := state.Compare(without.State, before.State)
			if len(differ) == 0 || strings.Contains(differ[0].After, c.value) {
				t.Fatalf("differences: %+v", differ)
			}
			// Taken away, and back; then more than there was, and back.
			must(t, syscall.Removexattr(at, c.attribute))
			restoreTo(t, h, dir, before.State)
			if got, err := attribute(at, c.attribute); err != nil || string(got) != c.value {
				t.Fatalf("%q, %v", got, err)
			}
			set(t, at, "user.more", "x")
			restoreTo(t, h, dir, before.State)
			must(t, os.RemoveAll(h.Root.Path("/etc/demo")))
			restoreTo(t, h, dir, before.State)
		})
	}
}

func restoreTo(t *testing.T, h Host, dir string, was state.State) {
	t.Helper()
	_, err := h.Put(context.Background(), dir, was.Files, capture(t, h).State.Files)
	must(t, err)
	if d := state.Compare(was, capture(t, h).State); len(d) > 0 {
		t.Fatalf("not as it was: %+v", d)
	}
}

func TestRecordIsForRootOnly(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	place(t, h, "/etc/demo/a.conf", "secret", 0o644)
	seen := capture(t, h)
	dir := filepath.Join(t.TempDir(), "record")
	must(t, Save(dir, Record{State: seen.State}, seen))
	must(t, Progress{}.Save(dir))
	must(t, After{State: seen.State}.Save(dir))
	must(t, filepath.WalkDir(dir, func(at string, e os.DirEntry, err error) error {
		must(t, err)
		info, err := e.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", at, info.Mode())
		}
		return nil
	}))
}

// What only a link leads to since is looked at and never removed.
func TestDropStaysOutOfWhereALinkLeads(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	before := capture(t, h)
	place(t, h, "/srv/x/precious", "x", 0o644)
	place(t, h, "/etc/keep", "x", 0o644)
	must(t, os.Symlink("/srv/x", h.Root.Path("/etc/demo")))
	changed, err := h.Drop(t.Context(), before.State.Files, capture(t, h))
	must(t, err)
	if len(changed) != 1 || changed[0] != "/etc/demo" {
		t.Fatalf("removed %v", changed)
	}
	if _, err := os.Stat(h.Root.Path("/srv/x/precious")); err != nil {
		t.Fatal(err)
	}
}

// A look is not bound by how much there is: a directory that somebody filled must not
// stand in the way of a restore.
func TestLookIsNotBound(t *testing.T) {
	t.Parallel()
	h := Host{Root: root.Dir(t.TempDir()), Units: still{}}
	place(t, h, "/etc/demo/large", "", 0o644)
	must(t, os.Truncate(h.Root.Path("/etc/demo/large"), mostBytes+1)) // takes no room
	seen, err := h.Look(t.Context(), spec(), nil)
	must(t, err)
	if len(seen.State.Files) != 2 || seen.State.Files[1].Digest == "" {
		t.Fatalf("seen: %+v", seen.State.Files)
	}
}

func TestDirectoriesOfAPackage(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]bool{
		"/etc/nginx": true, "/etc/nginx/conf.d": true, "/etc": false, "/etc/default": false, "/etc/systemd/system": false,
		"/etc/cron.d": false, "/etc/rc3.d": false, "/usr/lib/x": false, "/": false, "/etc/rcfile": true,
	} {
		if own(dir) != want {
			t.Errorf("%s: %v", dir, own(dir))
		}
	}
}
