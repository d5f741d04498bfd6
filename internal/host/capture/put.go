package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// Put writes the recorded files that are not there as they were, and returns their
// paths. Files that were not recorded stay: Drop removes those. One that cannot be
// written does not keep it from the others.
func (h Host) Put(ctx context.Context, dir string, recorded, now []state.File) (changed []string, err error) {
	is := map[string]state.File{}
	for _, f := range now {
		is[f.Path] = f
	}
	// Sorted by path, a directory comes before what is in it.
	for _, f := range recorded {
		if is[f.Path] == f {
			continue
		}
		if ctx.Err() != nil {
			return changed, ctx.Err()
		}
		if e := h.put(dir, f); e != nil {
			err = errors.Join(err, fmt.Errorf("put %s back: %w", f.Path, e))
			continue
		}
		changed = append(changed, f.Path)
	}
	return changed, err
}

// Drop removes the files that were not recorded, and returns their paths. A directory
// goes when nothing is left in it. What only a link leads to that was not recorded stays:
// it belongs to somebody else.
func (h Host) Drop(ctx context.Context, recorded []state.File, seen Seen) (changed []string, err error) {
	was := map[string]bool{}
	for _, f := range recorded {
		was[f.Path] = true
	}
	for _, f := range slices.Backward(seen.State.Files) {
		if was[f.Path] || seen.elsewhere(f.Path, was) {
			continue
		}
		err := ctx.Err()
		if err == nil {
			err = os.Remove(h.Root.Path(f.Path))
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) {
			continue
		}
		if err != nil {
			return changed, fmt.Errorf("remove %s: %w", f.Path, err)
		}
		changed = append(changed, f.Path)
	}
	return changed, nil
}

// elsewhere reports whether a path is one that only a link leads to, and did not when
// the state was recorded.
func (s Seen) elsewhere(name string, was map[string]bool) bool {
	return slices.ContainsFunc(s.followed, func(to string) bool {
		return !was[to] && (name == to || strings.HasPrefix(name, to+"/"))
	})
}

func (h Host) put(dir string, f state.File) error {
	at := h.Root.Path(f.Path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if f.Kind == state.Directory {
		return h.putDirectory(dir, at, f)
	}
	if info, err := os.Lstat(at); err == nil && info.IsDir() {
		// Only empty: what is in it was not recorded, and is not ours to remove.
		if err := os.Remove(at); err != nil {
			return err
		}
	}
	if f.Kind == state.Link {
		return root.Replace(at, func(temp string) error {
			return errors.Join(os.Symlink(f.Target, temp), os.Lchown(temp, f.UID, f.GID))
		})
	}
	data, err := os.ReadFile(filepath.Join(dir, "content", hexOf(f.Digest)))
	if err != nil {
		return err
	}
	return root.Replace(at, func(temp string) error { return h.putFile(dir, temp, data, f) })
}

func (h Host) putDirectory(dir, at string, f state.File) error {
	info, err := os.Lstat(at)
	if err == nil && !info.IsDir() {
		err = os.Remove(at)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(at, 0o700)
	}
	if err != nil {
		return err
	}
	return h.dress(dir, at, f)
}

func (h Host) putFile(dir, temp string, data []byte, f state.File) error {
	out, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	if err == nil {
		err = h.dress(dir, temp, f)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// dress gives a path its owner, then its mode, then its attributes: a change of owner
// clears setuid and capabilities.
func (h Host) dress(dir, at string, f state.File) error {
	if err := os.Lchown(at, f.UID, f.GID); err != nil {
		return err
	}
	if err := syscall.Chmod(at, f.Mode); err != nil {
		return err
	}
	if h.Older {
		return nil
	}
	return putAttributes(dir, at, f.Attributes)
}

// OfUnits reports whether a change of files is one that systemd must be told of.
func OfUnits(changed []string) bool {
	for _, p := range changed {
		for _, d := range unitDirs() {
			if strings.HasPrefix(p, d+"/") {
				return true
			}
		}
	}
	return false
}
