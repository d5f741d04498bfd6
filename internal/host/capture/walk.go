package capture

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// What may be recorded of one service. Configuration is small; what is not is data.
const (
	mostBytes = 64 << 20
	mostFiles = 10_000
	mostSeen  = 1_000_000 // that are only looked at
)

// ErrTooMuch means that a declared path holds more than can be recorded.
var ErrTooMuch = errors.New("too much to record")

// walk collects files with their content.
type walk struct {
	ctx     context.Context //nolint:containedctx // lives for one capture
	root    root.Dir
	data    []string
	content map[string][]byte // by digest; nil: only digests are wanted
	older   bool              // attributes are not wanted
	found   map[string]state.File
	bytes   int64
}

// add records a path and, of a directory, everything below it. A path that is not
// there is not recorded.
func (w *walk) add(name string) error {
	name = path.Clean(name)
	return filepath.WalkDir(w.root.Path(name), func(at string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil
		}
		if err := errors.Join(err, w.ctx.Err()); err != nil {
			return err
		}
		name := w.root.Of(at)
		if w.isData(name) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return w.one(name, at)
	})
}

func (w *walk) isData(name string) bool {
	for _, d := range w.data {
		d = path.Clean(d)
		if name == d || strings.HasPrefix(name, d+"/") {
			return true
		}
	}
	return false
}

func (w *walk) one(name, at string) error {
	info, err := os.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it went between two looks
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s has no owner that can be read", name)
	}
	f := state.File{Path: name, UID: int(owner.Uid), GID: int(owner.Gid), Mode: owner.Mode & 0o7777}
	switch {
	case info.IsDir():
		f.Kind = state.Directory
	case info.Mode()&fs.ModeSymlink != 0:
		f.Kind, f.Mode = state.Link, 0
		if f.Target, err = os.Readlink(at); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		f.Kind = state.Regular
		if f.Digest, err = w.read(at, info.Size()); err != nil {
			return err
		}
	default:
		return nil // a socket, a pipe or a device is made by who uses it
	}
	if f.Kind != state.Link && !w.older {
		if f.Attributes, err = w.attributes(at); err != nil {
			return err
		}
	}
	w.found[name] = f
	most := mostFiles
	if w.content == nil {
		most = mostSeen
	}
	if len(w.found) > most {
		return fmt.Errorf("%w: more than %d files; declare narrower paths, and what is data as data", ErrTooMuch, most)
	}
	return nil
}

// above records the directories of a package that a configuration file is in, without
// what else they hold.
func (w *walk) above(name string) error {
	for dir := path.Dir(path.Clean(name)); own(dir) && !w.isData(dir); dir = path.Dir(dir) {
		if _, seen := w.found[dir]; seen {
			continue
		}
		err := w.one(dir, w.root.Path(dir))
		if err != nil && !errors.Is(err, syscall.ENOTDIR) {
			return err
		}
	}
	return nil
}

// own reports whether a directory below /etc belongs to few packages: those that every
// package puts files into are nobody's to put back.
func own(dir string) bool {
	rest, below := strings.CutPrefix(dir, "/etc/")
	if !below {
		return false
	}
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "alternatives", "apparmor.d", "apt", "bash_completion.d", "ca-certificates", "dbus-1", "default", "dpkg", "init", "init.d", "kernel",
		"ld.so.conf.d", "logcheck", "logrotate.d", "modprobe.d", "modules-load.d", "network", "pam.d", "profile.d", "rsyslog.d", "security",
		"skel", "ssl", "sudoers.d", "sysctl.d", "systemd", "tmpfiles.d", "udev", "ufw", "xdg", "X11":
		return false
	}
	return !strings.HasPrefix(first, "cron.") && !(strings.HasPrefix(first, "rc") && strings.HasSuffix(first, ".d"))
}

func (w *walk) read(at string, size int64) (digest string, err error) {
	if w.content == nil {
		return digestOf(at)
	}
	if w.bytes+size > mostBytes {
		return "", fmt.Errorf("%w: more than %d MiB; declare narrower paths, and what is data as data", ErrTooMuch, mostBytes>>20)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return "", err
	}
	return w.keep(data), nil
}

func digestOf(at string) (string, error) {
	f, err := os.Open(at)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return memory.Digest(sum), errors.Join(err, f.Close())
}

// follow returns a declared path and, when it is a link, where it leads.
func (h Host) follow(name string) []string {
	name = path.Clean(name)
	all := []string{name}
	for range 8 {
		target, err := os.Readlink(h.Root.Path(name))
		if err != nil {
			break // not a link, or not there
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		name = path.Clean(target)
		if name == "/" || name == "/dev/null" {
			break
		}
		all = append(all, name)
	}
	return all
}
