package work

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// restore puts back what was recorded before the rollout, reads the state again and
// compares. Whatever fails on the way, it goes on to the comparison: that says what
// is not as it was.
func (j *job) restore(ctx context.Context) error {
	if err := j.superseded(); err != nil {
		return err
	}
	if err := j.idle(ctx); err != nil {
		return err
	}
	dir := j.memory.Recorded(j.request.Rollout)
	record, err := capture.Load(dir)
	if errors.Is(err, capture.ErrNone) {
		return j.untouched(ctx)
	}
	if err != nil {
		return err
	}
	// What belonged to the service then is what is put back, and compared.
	j.use(record.Spec)
	j.host.Older = record.Older()
	progress, later, err := j.withLater(record)
	if err != nil {
		return err
	}
	now, err := j.host.Look(ctx, record.Spec, progress.Watch)
	if err != nil {
		return err
	}
	nothing, err := j.nothingToDo(now, record, progress)
	if err != nil {
		return err
	}
	if nothing {
		return j.compare(ctx, record, progress, nil)
	}
	if err := j.format.returnable(ctx, record); err != nil {
		return err
	}
	if err := j.supersede(later); err != nil {
		return err
	}
	if progress, err = j.beginRestore(ctx, progress, now); err != nil {
		return err
	}
	return j.compare(ctx, record, progress, j.putBack(ctx, record, progress))
}

// untouched answers for a host on which the rollout recorded nothing, and which it
// therefore never touched, unless what it recorded was forgotten since.
func (j *job) untouched(ctx context.Context) error {
	history, err := j.memory.History()
	if err != nil {
		return err
	}
	if slices.Contains(history, j.request.Rollout) {
		return fail(host.CodeRefused, "the state recorded before rollout %s is no longer kept: roll out the version that should be here", j.request.Rollout)
	}
	seen, err := j.host.Look(ctx, j.request.Spec, nil)
	if err != nil {
		return err
	}
	j.answer.Version, j.answer.Equal = seen.State.Version(), true
	j.answer.Reason = "the rollout never touched this host"
	j.answer.State, err = state.Digest(seen.State)
	return err
}

// nothingToDo reports whether the host is as it was recorded and was never changed.
func (j *job) nothingToDo(now capture.Seen, r capture.Record, p capture.Progress) (bool, error) {
	if p.Begun || len(state.Compare(r.State, now.State)) > 0 {
		return false, nil
	}
	stale, err := j.stale(now.Units)
	return len(stale) == 0, err
}

// beginRestore remembers what the version that leaves may have made, while dpkg still
// knows it.
func (j *job) beginRestore(ctx context.Context, p capture.Progress, now capture.Seen) (capture.Progress, error) {
	more := capture.WithLeftovers(now.Package.Conffiles)
	if now.Package.Installed() {
		units, err := deb.Units(now.Package.Name)
		if err != nil {
			return p, err
		}
		links, err := j.host.Wanted(units)
		if err != nil {
			return p, err
		}
		more = append(more, links...)
	}
	if p.Begun && p.Packages == nil && now.State.Package != nil {
		// The update was cut off before it could say what else it changed.
		var err error
		if p.Packages, err = deb.All(ctx); err != nil {
			return p, err
		}
	}
	p = j.begun(p).Watched(more)
	err := p.Save(j.memory.Recorded(j.request.Rollout))
	j.answer.Begun = err == nil
	return p, err
}

// putBack does the work of a restore. Every part may be repeated: a restore that was
// cut off starts again from the top.
func (j *job) putBack(ctx context.Context, r capture.Record, p capture.Progress) error {
	err := j.step("stop", func() error { return j.settleDown(ctx, r) })
	if err != nil {
		return err
	}
	// Configuration first, so that scripts of the old version run with their own. What
	// cannot be written now is written, or named, when the package is back.
	_ = j.step("files", func() error { _, err := j.files(ctx, r, p, false); return err })
	if err := j.step("install", func() error { return j.format.back(ctx, r, p) }); err != nil {
		return err
	}
	// A file that cannot be put back is named by the comparison. What runs must be what is
	// installed all the same: nobody looks for a new process under an old link.
	var late []string
	unput := j.step("files", func() error { late, err = j.files(ctx, r, p, true); return err })
	if err := j.step("restart", func() error { return j.startRecorded(ctx, r, len(late) > 0) }); err != nil {
		return errors.Join(unput, err)
	}
	unwell := j.step("health", func() error { return j.wellAgain(ctx, r) })
	return errors.Join(unput, unwell, j.step("clean", func() error { return j.format.clean(ctx, r, p) }))
}

// settleDown stops timers, and units that are not to run while their package changes
// or were not running.
func (j *job) settleDown(ctx context.Context, r capture.Record) error {
	if err := j.quiet(ctx); err != nil {
		return err
	}
	for _, name := range slices.Backward(r.Spec.Units) {
		if r.Spec.Format != "deb" && wasActive(r, name) {
			continue
		}
		if err := j.units.Stop(ctx, name); err != nil {
			return as(host.CodeUnit, err)
		}
	}
	return nil
}

func wasActive(r capture.Record, name string) bool {
	return slices.ContainsFunc(r.State.Units, func(u state.Unit) bool { return u.Name == name && u.Active })
}

// files puts recorded files back and, with drop, removes those that came since.
func (j *job) files(ctx context.Context, r capture.Record, p capture.Progress, drop bool) (changed []string, err error) {
	look := j.host
	look.Changed = nil
	now, err := look.Look(ctx, r.Spec, p.Watch)
	if err != nil {
		return nil, err
	}
	if drop {
		// A recorded file may be a directory now: that must be empty first.
		if changed, err = j.host.Drop(ctx, r.State.Files, now); err != nil {
			return changed, err
		}
	}
	if !drop && r.State.Version() != "" {
		if changed, err = j.forgetConffiles(ctx, r, now); err != nil {
			return changed, err
		}
	}
	written, err := j.host.Put(ctx, j.memory.Recorded(j.request.Rollout), r.State.Files, now.State.Files)
	changed = append(changed, written...)
	if err != nil {
		return changed, err
	}
	if capture.OfUnits(changed) {
		return changed, as(host.CodeUnit, j.units.Reload(ctx))
	}
	return changed, j.reload(ctx, now.Units)
}

// forgetConffiles removes the configuration files that only the version that leaves has,
// while it is there: of one that is gone by the time another version is installed dpkg
// forgets that it ever was. Of any other it would remember, when the version comes again,
// that somebody has removed it, and leave it out.
func (j *job) forgetConffiles(ctx context.Context, r capture.Record, now capture.Seen) ([]string, error) {
	only := now
	only.State.Files = nil
	for _, f := range now.State.Files {
		if slices.Contains(now.Package.Conffiles, f.Path) && !slices.Contains(r.Conffiles, f.Path) {
			only.State.Files = append(only.State.Files, f)
		}
	}
	return j.host.Drop(ctx, r.State.Files, only)
}

// startRecorded starts again what ran when the state was recorded. The units of a
// package were stopped before it changed: what its scripts have started last runs the
// recorded version, and is restarted only if files changed after that, or if an attempt
// that failed has started it.
func (j *job) startRecorded(ctx context.Context, r capture.Record, late bool) error {
	early, err := j.startedEarly(ctx, r)
	if err != nil {
		return err
	}
	for _, name := range slices.Concat(r.Spec.Units, r.Spec.Timers) {
		if !wasActive(r, name) {
			if err := j.units.Stop(ctx, name); err != nil {
				return as(host.CodeUnit, err)
			}
			continue
		}
		start := j.units.Restart
		if slices.Contains(r.Spec.Timers, name) || (r.Spec.Format == "deb" && !late && !slices.Contains(early, name)) {
			start = j.units.Start
		}
		if err := start(ctx, name); err != nil {
			return as(host.CodeUnit, err)
		}
	}
	return nil
}

// noteRuns notes what runs before something is installed that it would be older than.
func (j *job) noteRuns(ctx context.Context) error {
	units, err := j.units.Status(ctx, j.request.Spec.Units...)
	if err != nil {
		return err
	}
	for _, u := range units {
		if u.Identity != "" {
			j.replaced = append(j.replaced, u.Identity)
		}
	}
	return nil
}

// startedEarly lists the units that were started before what is installed now.
func (j *job) startedEarly(ctx context.Context, r capture.Record) ([]string, error) {
	if len(j.replaced) == 0 {
		return nil, nil
	}
	units, err := j.units.Status(ctx, r.Spec.Units...)
	if err != nil {
		return nil, err
	}
	return j.stale(units)
}

// wellAgain waits for health where the service was healthy when it was recorded.
func (j *job) wellAgain(ctx context.Context, r capture.Record) error {
	for _, u := range r.State.Units {
		if u.Active && slices.Contains(r.Spec.Units, u.Name) && (r.Healthy || r.Spec.Health == nil) {
			return j.healthy(ctx, r.State.Version())
		}
	}
	return nil
}

// compare reads the state again and says item by item what is not as it was.
func (j *job) compare(ctx context.Context, r capture.Record, p capture.Progress, failed error) error {
	return j.step("compare", func() error {
		now, err := j.host.Look(ctx, r.Spec, p.Watch)
		if err != nil {
			return errors.Join(failed, err)
		}
		j.answer.Version = now.State.Version()
		j.answer.Differences = state.Compare(r.State, now.State)
		if j.answer.State, err = state.Digest(now.State); err != nil {
			return errors.Join(failed, err)
		}
		more, err := j.othersDiffer(ctx, r, p)
		if err != nil {
			return errors.Join(failed, err)
		}
		j.answer.Differences = append(j.answer.Differences, more...)
		j.answer.Equal = len(j.answer.Differences) == 0
		if failed != nil || j.answer.Equal {
			return failed
		}
		return fail(host.CodeDifferent, "%s", summary(j.answer.Differences))
	})
}

func summary(all []host.Difference) string {
	text := fmt.Sprintf("%s was %s and is %s", all[0].Item, all[0].Before, all[0].After)
	if len(all) > 1 {
		text += fmt.Sprintf("; and %d more", len(all)-1)
	}
	return text
}
