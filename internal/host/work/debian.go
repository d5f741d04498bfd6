package work

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/process"
	"github.com/slipway-deploy/slipway/internal/host/state"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// debian is a service that is one Debian package.
type debian struct{ *job }

func (d debian) where() string { return "/usr" }

// here is the copy that was kept, or what the method put on the host.
func (d debian) here(a host.Artifact) (string, error) {
	if kept := d.memory.Artifact(a.Digest); kept != "" {
		return kept, nil
	}
	return d.file(a)
}

// prepare keeps a copy of the package, and of the installed one if it can be had, so
// that going back needs no archive.
func (d debian) prepare(ctx context.Context, a host.Artifact) ([]string, error) {
	file, err := d.here(a)
	if err != nil {
		return nil, err
	}
	if file != d.memory.Artifact(a.Digest) {
		sent := file
		if err := d.room(d.root.Path(memory.Where), a.Size); err != nil {
			return nil, err
		}
		if file, _, err = d.memory.Keep(ctx, sent, a.Digest); err != nil {
			return nil, err
		}
	}
	says, err := deb.Inspect(ctx, file)
	if err != nil {
		return nil, as(host.CodeRefused, err)
	}
	if says.Name != a.Name || says.Version != a.Version || says.Arch != a.Arch {
		return nil, fail(host.CodeRefused, "the package says it is %s %s %s; the release says %s %s %s",
			says.Name, says.Version, says.Arch, a.Name, a.Version, a.Arch)
	}
	if err := d.memory.Name(a.Version, a.Digest); err != nil {
		return nil, err
	}
	if err := d.room(d.where(), says.Installed); err != nil {
		return nil, err
	}
	return capture.WithLeftovers(says.Conffiles), d.keepInstalled(ctx)
}

// keepInstalled keeps the installed package's file if this host can get it: from
// apt's cache, or from an archive while that still has it. Where it cannot, the
// plan knows that it must be sent.
func (d debian) keepInstalled(ctx context.Context) error {
	now, err := deb.Query(ctx, d.request.Spec.Package)
	if err != nil || !now.Installed() {
		return err
	}
	known, err := d.memory.Releases()
	if err != nil || d.memory.Artifact(known[now.Version]) != "" {
		return err
	}
	file := deb.Cached(now.Name, now.Version, now.Arch)
	if file == "" {
		archived, err := deb.Archived(ctx, now.Name, now.Version)
		if err != nil || !archived {
			return err
		}
		dir, err := os.MkdirTemp("", "slipway-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		// An archive that does not answer now is no reason to stop: the plan did not
		// rely on this copy.
		if file, err = deb.Download(ctx, now.Name, now.Version, dir); err != nil {
			return ctx.Err()
		}
	}
	_, digest, err := d.memory.Keep(ctx, file, "")
	if err != nil {
		return err
	}
	return d.memory.Name(now.Version, digest)
}

// changes is false when the version is installed already and whole.
func (d debian) changes(ctx context.Context, a host.Artifact) (bool, error) {
	now, err := deb.Query(ctx, a.Name)
	return now.Version != a.Version || !now.Installed() || now.Broken() || deb.Interrupted(), err
}

func (d debian) install(ctx context.Context, a host.Artifact) error {
	now, err := deb.Query(ctx, a.Name)
	if err != nil {
		return err
	}
	p, err := capture.LoadProgress(d.memory.Recorded(d.request.Rollout))
	if err == nil && !p.Hold {
		err = d.noteHold()
	}
	if err != nil {
		return err
	}
	if now.Broken() || deb.Interrupted() {
		// It may fail for the very version that is to be replaced; apt says so then.
		_ = deb.Configure(ctx)
	}
	what := []string{d.memory.Artifact(a.Digest)}
	if now.Broken() && now.Version == a.Version {
		what = append(what, "--reinstall")
	}
	err = settled(ctx, state.Package{Name: a.Name, Version: a.Version}, deb.Install(ctx, what...))
	// apt has let go of every hold. Whatever is there now stays until an update ends well
	// or a restore puts back what was: nobody else's upgrade comes between.
	return as(host.CodeInstall, errors.Join(err, d.hold(ctx)))
}

// hold puts the package on hold, if there is one.
func (d debian) hold(ctx context.Context) error {
	now, err := deb.Query(ctx, d.request.Spec.Package)
	if err != nil || !now.Installed() || now.Hold {
		return err
	}
	return deb.Hold(ctx, now.Name, true)
}

func (d debian) returnable(ctx context.Context, r capture.Record) error {
	was := r.State.Package
	now, err := deb.Query(ctx, was.Name)
	if err != nil || was.Version == "" || (now.Version == was.Version && now.Status == "installed") {
		return err
	}
	_, err = d.source(ctx, r)
	return err
}

// source finds what to give to apt to get the recorded version.
func (d debian) source(ctx context.Context, r capture.Record) (string, error) {
	was := r.State.Package
	known, err := d.memory.Releases()
	if err != nil {
		return "", err
	}
	if file := d.memory.Artifact(known[was.Version]); file != "" {
		return file, nil
	}
	if file := deb.Cached(was.Name, was.Version, was.Arch); file != "" {
		return file, nil
	}
	if a := d.request.Previous; a != nil && a.Version == was.Version {
		file, err := d.file(*a)
		if err != nil {
			return "", err
		}
		file, _, err = d.memory.Keep(ctx, file, a.Digest)
		return file, err
	}
	archived, err := deb.Archived(ctx, was.Name, was.Version)
	if err != nil {
		return "", err
	}
	if !archived {
		return "", fail(host.CodeRefused, "%s %s was recorded, and is neither kept here nor in an archive: send its artifact", was.Name, was.Version)
	}
	return was.Name + "=" + was.Version, nil
}

func (d debian) back(ctx context.Context, r capture.Record, p capture.Progress) error {
	was := r.State.Package
	now, err := deb.Query(ctx, was.Name)
	if err == nil && was.Version != "" && !was.Hold {
		err = d.noteHold()
	}
	if err != nil {
		return err
	}
	switch {
	case was.Version == "" && now.Installed():
		err = d.remove(ctx, r, now)
	case was.Version == "" || (now.Version == was.Version && now.Status == was.Status && !deb.Interrupted() && !newConffiles(r, now)):
	default:
		err = d.reinstall(ctx, r, p, now)
	}
	if err != nil {
		return as(host.CodeInstall, err)
	}
	return as(host.CodeInstall, d.marks(ctx, *was))
}

// newConffiles reports whether dpkg knows conffiles that it did not know when the state
// was recorded: what a version that is gone has left, and would have left out next time.
func newConffiles(r capture.Record, now deb.Package) bool {
	return r.Conffiles != nil && slices.ContainsFunc(now.Conffiles, func(c string) bool { return !slices.Contains(r.Conffiles, c) })
}

// remove takes away a package that was not there. Its configuration goes with it; with
// declared data it is not purged, since purging is what removes a package's data.
func (d debian) remove(ctx context.Context, r capture.Record, now deb.Package) error {
	purge := len(r.Spec.Data) == 0
	err := deb.Remove(ctx, now.Name, purge)
	if err == nil {
		return nil
	}
	if err := deb.Disarm(now.Name, d.scripts()); err != nil {
		return err
	}
	return deb.RemoveAlone(ctx, now.Name, purge)
}

// reinstall puts the recorded version over whatever is there: with apt; where that
// fails with dpkg alone; without the scripts of the version that leaves, which are what
// fails on the way down; and at last without its own, which may not bear a downgrade. Only what dpkg says afterwards counts: apt is
// content with a package that is half installed in the right version.
func (d debian) reinstall(ctx context.Context, r capture.Record, p capture.Progress, now deb.Package) error {
	source, err := d.source(ctx, r)
	if err != nil {
		return err
	}
	if now.Broken() || deb.Interrupted() {
		_ = deb.Configure(ctx) // what it cannot finish is replaced next
		if err := d.noteRuns(ctx); err != nil {
			return err
		}
	}
	was := *r.State.Package
	first := settled(ctx, was, deb.Install(ctx, append([]string{"--reinstall", source}, wanted(others(r, p))...)...))
	if first == nil {
		return remark(ctx, others(r, p))
	}
	if ctx.Err() != nil || !strings.HasPrefix(source, "/") {
		return first
	}
	if d.attempt(ctx, was, func() error { return deb.InstallAlone(ctx, source) }) == nil {
		return nil
	}
	if err := deb.Disarm(now.Name, d.scripts()); err != nil {
		return fmt.Errorf("%w; then: %w", first, err)
	}
	second := d.attempt(ctx, was, func() error { return deb.InstallAlone(ctx, source) })
	if second == nil || ctx.Err() != nil {
		return second
	}
	last := d.step("install without scripts", func() error {
		return d.attempt(ctx, was, func() error { return deb.InstallSilent(ctx, source, d.root.Path(memory.Where)) })
	})
	if last != nil {
		return fmt.Errorf("%w; without the scripts of %s: %w; without any scripts: %w", first, now.Version, second, last)
	}
	return nil
}

// attempt installs once more, after an attempt that failed and may have started units.
func (d debian) attempt(ctx context.Context, was state.Package, install func() error) error {
	if err := d.noteRuns(ctx); err != nil {
		return err
	}
	return settled(ctx, was, install())
}

// scripts is where scripts are kept that were made to do nothing.
func (d debian) scripts() string { return d.memory.Recorded(d.request.Rollout) + "/scripts" }

// settled turns an installation that did not leave the package installed into an error.
func settled(ctx context.Context, want state.Package, err error) error {
	if err != nil {
		return err
	}
	now, err := deb.Query(ctx, want.Name)
	if err == nil && (now.Version != want.Version || now.Broken() || !now.Installed()) {
		err = fmt.Errorf("%s is %s in version %s, expected %s", want.Name, now.Status, now.Version, want.Version)
	}
	return err
}

// marks puts back what apt has changed of the marks, and keeps the package on hold: a
// restore lasts until an update ends well, or until the hold is given back.
func (d debian) marks(ctx context.Context, was state.Package) error {
	if was.Version == "" || was.Hold {
		// Nothing to hold, or somebody else's hold.
		if err := d.forgetHold(); err != nil || was.Version == "" {
			return err
		}
	}
	if err := d.hold(ctx); err != nil {
		return err
	}
	is, err := deb.Auto(was.Name)
	if err != nil || is == was.Auto {
		return err
	}
	return deb.Mark(ctx, was.Name, was.Auto)
}

func (d debian) clean(context.Context, capture.Record, capture.Progress) error { return nil }

func (d debian) settle(context.Context) error { return nil }

func (d debian) discard(host.Artifact) error { return nil }

func (d debian) version(ctx context.Context) (string, error) {
	now, err := deb.Query(ctx, d.request.Spec.Package)
	if err != nil || !now.Installed() {
		return "", err
	}
	return now.Version, nil
}

// old goes by the program, where that was replaced, and else by when the process
// started.
func (d debian) old(u unit.Status) (bool, error) {
	if _, _, deleted := process.Program(u.PID); deleted {
		return true, nil
	}
	changed, err := deb.Changed(d.request.Spec.Package)
	return older(u, changed), err
}

func (d debian) previous(ctx context.Context, seen capture.Seen) (string, error) {
	p := seen.Package
	if !p.Installed() {
		return "", nil
	}
	known, err := d.memory.Releases()
	if err != nil {
		return "", err
	}
	if d.memory.Artifact(known[p.Version]) != "" {
		return "kept", nil
	}
	if deb.Cached(p.Name, p.Version, p.Arch) != "" {
		return "package cache", nil
	}
	archived, err := deb.Archived(ctx, p.Name, p.Version)
	if archived {
		return "archive", err
	}
	return "", err
}
