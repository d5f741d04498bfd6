// Package release is the directory of a tar.gz service on a host: releases/VERSION,
// the link current, and shared/, which it never touches. It unpacks a release beside
// the others, points the link at it in one step, and prunes old ones.
//
// work calls it. It does not know which release should run, and removes nothing that
// it was not told it may.
package release

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
	"time"

	"github.com/slipway-deploy/slipway/internal/host/root"
)

// Unpack unpacks an archive into a directory that does not exist yet: all of it or,
// with an error, nothing.
type Unpack func(ctx context.Context, file, dir string) error

// Dir is a service's directory.
type Dir struct {
	Root root.Dir
	Path string // on the host: /opt/checkout
}

const unfinished = ".tmp"

// NoLink says that something else is where the link should be.
type NoLink struct {
	Path string
	Kind string // a directory, a file
}

// Error says so, and what to do.
func (n *NoLink) Error() string {
	return fmt.Sprintf("%s is %s and must be a link to a release: move it away", n.Path, n.Kind)
}

func (d Dir) link() string { return d.Root.Path(d.Path + "/current") }

func (d Dir) releases() string { return d.Root.Path(d.Path + "/releases") }

// At returns where a release lies on this machine.
func (d Dir) At(version string) string { return filepath.Join(d.releases(), version) }

// Target returns what a link to a release holds.
func Target(version string) string { return "releases/" + version }

// Current returns what the link holds; empty when there is none.
func (d Dir) Current() (string, error) {
	target, err := os.Readlink(d.link())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if errors.Is(err, syscall.EINVAL) {
		kind := "a file"
		if at, err := os.Lstat(d.link()); err == nil && at.IsDir() {
			kind = "a directory"
		}
		return "", &NoLink{d.Root.Of(d.link()), kind}
	}
	if err != nil {
		return "", fmt.Errorf("read the link %s: %w", d.Root.Of(d.link()), err)
	}
	return target, nil
}

// SetAside renames what is in the link's place, and returns its new name; empty when the
// link is one, or is not there.
func (d Dir) SetAside(suffix string) (string, error) {
	_, err := d.Current()
	if _, ok := errors.AsType[*NoLink](err); !ok {
		return "", err
	}
	aside := d.link() + "." + suffix
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s.%s.%d", d.link(), suffix, n)
	}
	if err := os.Rename(d.link(), aside); err != nil {
		return "", err
	}
	return d.Root.Of(aside), nil
}

// Changed returns when the link was last pointed somewhere.
func (d Dir) Changed() (time.Time, error) {
	at, err := os.Lstat(d.link())
	if err != nil {
		return time.Time{}, err
	}
	return at.ModTime(), nil
}

// Kept returns the names of the releases, the oldest first.
func (d Dir) Kept() ([]string, error) {
	entries, err := os.ReadDir(d.releases())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	type aged struct {
		name string
		time time.Time
	}
	var all []aged
	for _, e := range entries {
		if !e.IsDir() || strings.HasSuffix(e.Name(), unfinished) || e.Name()[0] == '.' {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		all = append(all, aged{e.Name(), info.ModTime()})
	}
	slices.SortStableFunc(all, func(a, b aged) int { return a.time.Compare(b.time) })
	var names []string
	for _, a := range all {
		names = append(names, a.name)
	}
	return names, nil
}

// Has reports whether a release is there, whole.
func (d Dir) Has(version string) bool {
	at, err := os.Stat(d.At(version))
	return err == nil && at.IsDir()
}

// Stage unpacks a release beside its name, and makes it survive a power cut. What an
// earlier try left there is removed.
func (d Dir) Stage(ctx context.Context, version, file string, unpack Unpack) error {
	temp := d.At(version) + unfinished
	if err := os.MkdirAll(d.releases(), 0o755); err != nil {
		return err
	}
	err := d.clear(version)
	if err == nil {
		err = unpack(ctx, file, temp)
	}
	if err == nil {
		err = flush(ctx, temp)
	}
	now := time.Now()
	if err == nil {
		err = os.Chtimes(temp, now, now)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("unpack release %s: %w", version, err), d.Unstage(version))
	}
	return nil
}

// Commit gives a staged release its name: a release that is there is whole.
func (d Dir) Commit(version string) error {
	if err := os.Rename(d.At(version)+unfinished, d.At(version)); err != nil {
		return fmt.Errorf("name release %s: %w", version, err)
	}
	return root.Sync(d.releases())
}

// Unstage removes what was staged of a release, and directories that are left empty.
func (d Dir) Unstage(version string) error {
	err := d.clear(version)
	// Fails, as it should, while anything is in it.
	_ = os.Remove(d.releases())
	return err
}

// clear removes what an unpacking that was cut off left behind.
func (d Dir) clear(version string) error {
	parts, err := filepath.Glob(filepath.Join(d.releases(), "."+version+unfinished+"*"))
	if err != nil {
		return err
	}
	for _, path := range append(parts, d.At(version)+unfinished) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// Point makes the link hold a target, in one step: whoever follows it meanwhile sees
// the old release or the new one. An empty target removes the link.
func (d Dir) Point(target string) error {
	if target != "" {
		return root.Replace(d.link(), func(temp string) error { return os.Symlink(target, temp) })
	}
	err := os.Remove(d.link())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return root.Sync(filepath.Dir(d.link()))
}

// Remove takes a release away. It first loses its name, so that a release that is
// there is whole. Directories that are left empty and unlinked go with it.
func (d Dir) Remove(version string) error {
	temp := d.At(version) + unfinished
	err := os.Rename(d.At(version), temp)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove release %s: %w", version, err)
	}
	if err := os.RemoveAll(temp); err != nil {
		return fmt.Errorf("remove release %s: %w", version, err)
	}
	// Fails, as it should, while anything is in them.
	_ = os.Remove(d.releases())
	return nil
}

// Prune removes the oldest releases until at most keep are left, but none that is
// needed. It returns what it removed.
func (d Dir) Prune(keep int, needed []string) ([]string, error) {
	kept, err := d.Kept()
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, name := range kept {
		if len(kept)-len(removed) <= keep {
			break
		}
		if slices.Contains(needed, name) {
			continue
		}
		if err := d.Remove(name); err != nil {
			return removed, err
		}
		removed = append(removed, name)
	}
	return removed, nil
}
