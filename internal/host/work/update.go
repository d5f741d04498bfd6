package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// update records the state, installs, restarts, waits for health and reads back.
func (j *job) update(ctx context.Context) error {
	a := *j.request.Artifact
	if err := j.idle(ctx); err != nil {
		return err
	}
	record, seen, err := j.ready(ctx, a)
	if err != nil {
		return err
	}
	if err := j.step("timers", func() error { return j.quiet(ctx) }); err != nil {
		return err
	}
	if err := j.step("install", func() error { return j.format.install(ctx, a) }); err != nil {
		return err
	}
	if err := j.noteOthers(ctx, record); err != nil {
		return err
	}
	if err := j.step("restart", func() error { return j.restart(ctx, seen.Units) }); err != nil {
		return err
	}
	if err := j.step("health", func() error { return j.healthy(ctx, a.Version) }); err != nil {
		return err
	}
	if err := j.startTimers(ctx, record.State); err != nil {
		return err
	}
	return j.step("read back", func() error {
		if err := j.readBack(ctx, a.Version); err != nil {
			return err
		}
		if err := j.after(ctx, record); err != nil {
			return err
		}
		return j.release(ctx)
	})
}

// ready does all that comes before the first change. When it fails, nothing was
// touched.
func (j *job) ready(ctx context.Context, a host.Artifact) (r capture.Record, seen capture.Seen, err error) {
	var watch []string
	err = j.step("prepare", func() error {
		watch, err = j.format.prepare(ctx, a)
		return err
	})
	if err != nil {
		return r, seen, err
	}
	r, seen, err = j.record(ctx, watch)
	if err == nil {
		err = j.restartable(seen)
	}
	if err == nil {
		err = j.begin(ctx, a.Version, watch, seen)
	}
	if err != nil {
		return r, seen, errors.Join(err, j.format.discard(a))
	}
	return r, seen, nil
}

// record records the state before the first change of a rollout. A second update in
// the same rollout finds what was recorded then: that is what the host goes back to.
func (j *job) record(ctx context.Context, watch []string) (r capture.Record, seen capture.Seen, err error) {
	err = j.step("capture", func() error {
		r, seen, err = j.recordOnce(ctx, watch)
		return err
	})
	if err == nil {
		j.answer.State, err = state.Digest(r.State)
	}
	return r, seen, err
}

func (j *job) recordOnce(ctx context.Context, watch []string) (capture.Record, capture.Seen, error) {
	dir := j.memory.Recorded(j.request.Rollout)
	if err := j.superseded(); err != nil {
		return capture.Record{}, capture.Seen{}, err
	}
	earlier, err := capture.Load(dir)
	if err == nil {
		seen, err := j.host.Capture(ctx, j.request.Spec, nil)
		return earlier, seen, err
	}
	if !errors.Is(err, capture.ErrNone) {
		return capture.Record{}, capture.Seen{}, err
	}
	if j.request.Artifact != nil {
		if err := j.format.settle(ctx); err != nil {
			return capture.Record{}, capture.Seen{}, err
		}
	}
	seen, err := j.host.Capture(ctx, j.request.Spec, watch)
	if err != nil {
		return capture.Record{}, seen, err
	}
	r := capture.Record{Spec: j.request.Spec, State: seen.State, Healthy: j.isHealthy(ctx, seen), Looks: capture.Looks}
	if j.request.Spec.Format == "deb" {
		r.Conffiles = seen.Package.Conffiles
		if r.Packages, err = deb.All(ctx); err != nil {
			return r, seen, err
		}
	}
	if err := j.memory.Reserve(seen.Package.Size); err != nil {
		return r, seen, err
	}
	if err := capture.Save(dir, r, seen); err != nil {
		return r, seen, err
	}
	return r, seen, j.memory.Began(j.request.Rollout)
}

// begin writes down that from here on the host may be changed, by what, and what runs
// now: that must not run when the update is over.
func (j *job) begin(ctx context.Context, version string, watch []string, seen capture.Seen) error {
	dir := j.memory.Recorded(j.request.Rollout)
	p, err := capture.LoadProgress(dir)
	if err != nil {
		return err
	}
	p = j.begun(p).Watched(watch)
	if !slices.Contains(p.Versions, version) {
		p.Versions = append(p.Versions, version)
	}
	// A call that was cut off notes nothing a second time: what runs by then may be what
	// it has started itself.
	if !slices.Contains(p.Noted, j.request.Command) {
		p.Noted = append(p.Noted, j.request.Command)
		p.Hold = seen.State.Package != nil && seen.State.Package.Hold
		changes, err := j.format.changes(ctx, *j.request.Artifact)
		if err != nil {
			return err
		}
		for _, u := range seen.Units[:len(j.request.Spec.Units)] {
			if changes && u.Identity != "" && !slices.Contains(p.Replaced, u.Identity) {
				p.Replaced = append(p.Replaced, u.Identity)
			}
		}
	}
	if err := p.Save(dir); err != nil {
		return err
	}
	j.replaced, j.answer.Begun = p.Replaced, true
	return nil
}

// begun notes which call changes the host from here on.
func (j *job) begun(p capture.Progress) capture.Progress {
	p.Begun, p.Command, p.Verb, p.At = true, j.request.Command, j.request.Verb, time.Now().UTC()
	return p
}

// readBack says what is installed now, and makes sure that it is what was asked for
// and what runs.
func (j *job) readBack(ctx context.Context, version string) error {
	var err error
	if j.answer.Version, err = j.format.version(ctx); err != nil {
		return err
	}
	if j.answer.Version != version {
		return fail(host.CodeInstall, "installed %s, and read back %q", version, j.answer.Version)
	}
	units, err := j.units.Status(ctx, j.request.Spec.Units...)
	if err != nil {
		return err
	}
	for _, u := range units {
		if !u.Batch && !u.Up() {
			return fail(host.CodeUnit, "%s", u)
		}
	}
	stale, err := j.stale(units)
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		return fail(host.CodeUnit, "%s runs what was installed before", stale[0])
	}
	return j.prune(version)
}

// prune forgets what no restore can need any more. Of packages it keeps the installed one
// and every one that a recorded state may be put back to: several rollouts can be rolled
// back one after the other.
func (j *job) prune(version string) error {
	known, err := j.memory.Releases()
	if err != nil {
		return err
	}
	versions, err := j.recorded()
	if err != nil {
		return err
	}
	var needed []string
	for _, v := range append(versions, version) {
		if digest := known[v]; digest != "" {
			needed = append(needed, digest)
		}
	}
	if err := j.memory.Prune(needed); err != nil {
		return fmt.Errorf("prune what is kept: %w", err)
	}
	return nil
}

// recorded returns the versions that the recorded states of this host have.
func (j *job) recorded() ([]string, error) {
	rollouts, err := j.memory.States()
	if err != nil {
		return nil, err
	}
	var versions []string
	for _, id := range rollouts {
		r, err := capture.Load(j.memory.Recorded(id))
		if err != nil {
			return nil, fmt.Errorf("rollout %s: %w", id, err)
		}
		versions = append(versions, r.State.Version())
	}
	return versions, nil
}

// soak is how long a unit that nobody can ask must run.
func (j *job) soak() time.Duration {
	if j.cfg.Soak != 0 {
		return j.cfg.Soak
	}
	return 2 * time.Second
}
