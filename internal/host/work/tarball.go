package work

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/release"
	"github.com/slipway-deploy/slipway/internal/host/state"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// tarball is a service whose releases lie side by side in a directory.
type tarball struct {
	*job
	dir release.Dir
}

func (t tarball) where() string { return t.root.Path(t.request.Spec.Directory) }

// here is what the method put on the host, unless the release is in place.
func (t tarball) here(a host.Artifact) (string, error) {
	if placed, err := t.has(a); err != nil || placed {
		return "", err
	}
	return t.file(a)
}

// prepare unpacks nothing when the release is here, from the same artifact.
func (t tarball) prepare(ctx context.Context, a host.Artifact) ([]string, error) {
	file, err := t.here(a)
	if err != nil || file == "" {
		return nil, err
	}
	bytes, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	if err := t.room(t.where(), bytes); err != nil {
		return nil, err
	}
	return nil, t.stage(ctx, a, file)
}

func (t tarball) discard(a host.Artifact) error { return t.dir.Unstage(a.Version) }

// has reports whether the release of an artifact is here already. The same version
// from another artifact is refused: no host may run two things under one name.
func (t tarball) has(a host.Artifact) (bool, error) {
	if !t.dir.Has(a.Version) {
		return false, nil
	}
	known, err := t.memory.Releases()
	if err != nil {
		return false, err
	}
	if from := known[a.Version]; from != a.Digest {
		if from == "" {
			from = "something that Slipway did not install"
		}
		return false, fail(host.CodeRefused, "release %s is here and came from %s, not from %s: build it again as another version, or remove %s",
			a.Version, from, a.Digest, t.root.Of(t.dir.At(a.Version)))
	}
	return true, nil
}

// unpacked estimates the bytes a tar.gz unpacks to: gzip ends with them, modulo 2^32.
func unpacked(file string) (bytes int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	at, err := f.Stat()
	if err != nil {
		return 0, err
	}
	var tail [4]byte
	if _, err := f.ReadAt(tail[:], at.Size()-4); err != nil {
		if at.Size() < 4 {
			return 0, fail(host.CodeRefused, "%s has %d bytes; that is no archive", file, at.Size())
		}
		return 0, err
	}
	return max(at.Size(), int64(binary.LittleEndian.Uint32(tail[:]))), nil
}

// changes is false when the link points to the release already: what runs was started
// from it, or shows that it was not.
func (t tarball) changes(_ context.Context, a host.Artifact) (bool, error) {
	now, err := t.dir.Current()
	return now != release.Target(a.Version), err
}

func (t tarball) install(ctx context.Context, a host.Artifact) error {
	here, err := t.has(a)
	if err == nil && !here {
		err = t.commit(ctx, a)
	}
	if err == nil {
		err = t.point(release.Target(a.Version))
	}
	return as(host.CodeInstall, err)
}

// stage unpacks an artifact beside the releases, and checks it on the way.
func (t tarball) stage(ctx context.Context, a host.Artifact, file string) error {
	return t.dir.Stage(ctx, a.Version, file, func(ctx context.Context, file, dir string) error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = artifact.Extract(ctx, f, dir, artifact.Want{
			Format: a.Format, Name: a.Name, Version: a.Version, Arch: a.Arch, Digest: a.Digest,
		})
		return err
	})
}

// commit makes a staged release one of the releases. Where it came from, and what it
// was unpacked to, is written down before, so that a release that is here is known.
func (t tarball) commit(ctx context.Context, a host.Artifact) error {
	tree, err := t.dir.StagedTree(ctx, a.Version)
	if err != nil {
		return err
	}
	if err := errors.Join(t.memory.KeepTree(a.Version, tree), t.memory.Name(a.Version, a.Digest)); err != nil {
		return err
	}
	return t.dir.Commit(a.Version)
}

// changed says what of a release is not as it was unpacked; empty when nothing is, or
// when nobody noted what it was.
func (t tarball) changed(ctx context.Context, version string) (string, error) {
	var tree []release.Entry
	known, err := t.memory.Tree(version, &tree)
	if err != nil || !known {
		return "", err
	}
	return t.dir.Altered(ctx, version, tree)
}

// whole makes sure that a release is as it was when it ran last: one that was kept may
// have been damaged since.
func (t tarball) whole(ctx context.Context, r capture.Record) (ok bool, why string, err error) {
	version := r.State.Version()
	if t.intact {
		return true, "", nil
	}
	if !t.dir.Has(version) {
		return false, "is no longer here", nil
	}
	now, err := t.changed(ctx, version)
	if err != nil || now == r.State.Release.Changed {
		t.intact = err == nil
		return t.intact, "", err
	}
	return false, "is damaged (" + or(now, "changed back") + ")", nil
}

// point points the link somewhere, unless it points there: when it was pointed says
// which processes are older than what is installed.
func (t tarball) point(target string) error {
	now, err := t.dir.Current()
	if err != nil || now == target {
		return err
	}
	return t.dir.Point(target)
}

func (t tarball) returnable(ctx context.Context, r capture.Record) error {
	version := r.State.Version()
	if version == "" {
		return nil
	}
	whole, why, err := t.whole(ctx, r)
	if err != nil || whole {
		return err
	}
	a := t.request.Previous
	if a == nil || a.Version != version {
		return fail(host.CodeRefused, "release %s was recorded, and %s: send its artifact", version, why)
	}
	file, err := t.file(*a)
	if err != nil {
		return err
	}
	bytes, err := unpacked(file)
	if err != nil {
		return err
	}
	return t.room(t.where(), bytes)
}

func (t tarball) back(ctx context.Context, r capture.Record, _ capture.Progress) error {
	if version := r.State.Version(); version != "" {
		whole, _, err := t.whole(ctx, r)
		if err == nil && !whole {
			err = t.unpackAgain(ctx)
		}
		if err != nil {
			return as(host.CodeInstall, err)
		}
	}
	aside, err := t.dir.SetAside("before-" + t.request.Rollout)
	if err != nil {
		return as(host.CodeInstall, err)
	}
	if aside != "" {
		t.answer.Reason = "what was in the link's place is now " + aside
	}
	return as(host.CodeInstall, t.point(r.State.Release.Current))
}

// unpackAgain puts the artifact that was sent in the place of a release that is gone or
// damaged.
func (t tarball) unpackAgain(ctx context.Context) error {
	a := *t.request.Previous
	file, err := t.file(a)
	if err == nil {
		err = t.stage(ctx, a, file)
	}
	if err == nil {
		err = t.dir.Displace(a.Version)
	}
	if err == nil {
		err = t.commit(ctx, a)
	}
	return errors.Join(err, t.dir.Discard(a.Version))
}

// clean removes the releases that the rollout installed and that were not here before.
func (t tarball) clean(_ context.Context, r capture.Record, p capture.Progress) error {
	for _, version := range p.Versions {
		if slices.Contains(r.State.Release.Kept, version) {
			continue
		}
		if err := t.dir.Remove(version); err != nil {
			return as(host.CodeInstall, err)
		}
	}
	return nil
}

// settle prunes releases, leaving room for one more. It happens before a state is
// recorded, so that a restore never owes a release that was pruned after.
func (t tarball) settle(context.Context) error {
	keep := t.request.Spec.Keep
	if keep == 0 {
		keep = 5
	}
	current, err := t.dir.Current()
	if err != nil {
		return err
	}
	needed, err := t.recorded()
	if err != nil {
		return err
	}
	needed = append(needed, path.Base(current), t.request.Artifact.Version)
	if _, err = t.dir.Prune(max(keep-1, 1), needed); err != nil {
		return err
	}
	kept, err := t.dir.Kept()
	if err != nil {
		return err
	}
	return t.memory.PruneTrees(kept)
}

func (t tarball) version(context.Context) (string, error) {
	current, err := t.dir.Current()
	return state.State{Release: &state.Release{Current: current}}.Version(), err
}

// old goes by what the process runs, where that is a release or is gone, and else by
// when it started.
func (t tarball) old(u unit.Status) (bool, error) {
	current, err := t.dir.Current()
	if _, ok := errors.AsType[*release.NoLink](err); ok || current == "" && err == nil {
		return false, nil // nothing is installed that it could be older than
	}
	if err != nil {
		return false, err
	}
	file, dir, deleted := process.Program(u.PID)
	if deleted {
		return true, nil
	}
	releases := t.dir.At("") + "/"
	for _, p := range []string{file, dir} {
		if rest, ok := strings.CutPrefix(p, releases); ok {
			running, _, _ := strings.Cut(rest, "/")
			return running != path.Base(current), nil
		}
	}
	changed, err := t.dir.Changed()
	return older(u, changed), err
}

// older goes by when the process started, which is known to a tick or two.
func older(u unit.Status, changed time.Time) bool {
	return !u.Started.IsZero() && u.Started.Add(slack).Before(changed)
}

func (t tarball) previous(_ context.Context, seen capture.Seen) (string, error) {
	version := seen.State.Version()
	if version != "" && strings.HasPrefix(seen.State.Release.Current, "releases/") && t.dir.Has(version) {
		return "kept", nil
	}
	return "", nil
}
