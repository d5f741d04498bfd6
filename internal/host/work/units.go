package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/probe"
	"github.com/slipway-deploy/slipway/internal/host/state"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

const (
	batchEnds = 10 * time.Minute      // how long a running job of a timer may take to end
	slack     = 50 * time.Millisecond // start times are known to a tick or two; for what nobody noted
	asks      = time.Second           // how often a unit is looked at while its health is asked
)

// problems says what about the units would stop an update.
func (j *job) problems(seen capture.Seen) []string {
	var all []string
	for _, u := range seen.Units {
		switch {
		case u.Enabled == "masked" || u.Load == "masked" || u.Enabled == "masked-runtime":
			all = append(all, fmt.Sprintf("unit %s is masked: systemctl unmask %s", u.Name, u.Name))
		case u.Missing() && (j.request.Spec.Format != "deb" || seen.Package.Installed()):
			all = append(all, fmt.Sprintf("unit %s does not exist on this host", u.Name))
		case u.Load == "bad-setting" || u.Load == "error":
			all = append(all, fmt.Sprintf("unit %s cannot be read by systemd: systemctl status %s", u.Name, u.Name))
		}
	}
	if r := seen.State.Release; r != nil && r.Instead != "" {
		all = append(all, fmt.Sprintf("%s/current is %s and must be a link to a release: move it away", r.Directory, r.Instead))
	}
	return all
}

func (j *job) restartable(seen capture.Seen) error {
	if all := j.problems(seen); len(all) > 0 {
		return fail(host.CodeRefused, "%s", strings.Join(all, "; "))
	}
	return nil
}

// quiet stops timers and lets what they started come to its end.
func (j *job) quiet(ctx context.Context) error {
	if len(j.request.Spec.Timers) == 0 {
		return nil
	}
	for _, t := range j.request.Spec.Timers {
		if err := j.units.Stop(ctx, t); err != nil {
			return as(host.CodeUnit, err)
		}
	}
	return probe.Until(ctx, batchEnds, func(ctx context.Context) error {
		all, err := j.units.Status(ctx, j.request.Spec.Units...)
		if err != nil {
			return err
		}
		for _, u := range all {
			if u.Batch && u.Active == "activating" {
				return fail(host.CodeBusy, "%s is still running", u.Name)
			}
		}
		return nil
	})
}

// restart restarts the units in their order: those whose process was noted before the
// installation, whatever its times, and those that show that they run something else. The
// others were restarted by a package's own scripts, or by an earlier call that was cut
// off. A batch unit is its timer's.
func (j *job) restart(ctx context.Context, before []unit.Status) error {
	units := before
	if j.request.Spec.Format == "deb" {
		var err error
		if units, err = j.units.Status(ctx, j.request.Spec.Units...); err != nil {
			return err
		}
	}
	stale, err := j.stale(units)
	if err != nil {
		return err
	}
	if err := j.reload(ctx, units); err != nil {
		return err
	}
	for _, u := range units[:len(j.request.Spec.Units)] {
		if u.Batch || (u.Up() && u.Identity != "" && !slices.Contains(stale, u.Name)) {
			continue
		}
		if err := j.units.Restart(ctx, u.Name); err != nil {
			return as(host.CodeUnit, err)
		}
	}
	return nil
}

// reload has unit files read again where they changed: it costs systemd a lot.
func (j *job) reload(ctx context.Context, units []unit.Status) error {
	if slices.ContainsFunc(units, func(u unit.Status) bool { return u.Outdated }) {
		return as(host.CodeUnit, j.units.Reload(ctx))
	}
	return nil
}

// stale lists the units whose process is older than what is installed.
func (j *job) stale(units []unit.Status) ([]string, error) {
	var all []string
	for _, u := range units {
		old := u.Identity != "" && slices.Contains(j.replaced, u.Identity)
		if !old && u.PID != 0 {
			var err error
			if old, err = j.format.old(u); err != nil {
				return nil, err
			}
		}
		if old {
			all = append(all, u.Name)
		}
	}
	return all, nil
}

// healthy waits until the service is: its health says so, or, when nobody can be
// asked, its units keep running for a while.
func (j *job) healthy(ctx context.Context, version string) error {
	health := j.request.Spec.Health
	if health == nil {
		return as(host.CodeUnit, j.steady(ctx))
	}
	asked := time.Now()
	want := probe.Want{Status: health.Status, Fields: health.Expect}
	err := probe.Until(ctx, within(health.Within), func(ctx context.Context) error {
		unwell := j.probe(version).Ask(ctx, health.HTTP, want)
		if unwell != nil && time.Since(asked) < asks {
			return unwell
		}
		asked = time.Now()
		if err := j.up(ctx); err != nil {
			return err
		}
		return unwell
	})
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return fail(host.CodeUnhealthy, "%w", err)
}

// up makes sure that the units run. One that has failed will not come up by itself.
func (j *job) up(ctx context.Context) error {
	all, err := j.units.Status(ctx, j.request.Spec.Units...)
	if err != nil {
		return probe.Final{Err: err}
	}
	for _, u := range all {
		switch {
		case u.Batch || u.Up():
		case u.Active == "failed" || u.Active == "inactive":
			return probe.Final{Err: fail(host.CodeUnit, "%s", u)}
		default:
			return fail(host.CodeUnit, "%s", u)
		}
	}
	return nil
}

// steady waits until the units run, then that they keep running without a restart.
func (j *job) steady(ctx context.Context) error {
	if err := probe.Until(ctx, within(0), j.up); err != nil {
		return err
	}
	before, err := j.units.Status(ctx, j.request.Spec.Units...)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(j.soak()):
	}
	after, err := j.units.Status(ctx, j.request.Spec.Units...)
	if err != nil {
		return err
	}
	for i, u := range after {
		if !u.Batch && (!u.Up() || u.Restarts != before[i].Restarts || u.PID != before[i].PID) {
			return fail(host.CodeUnit, "%s after %v", u, j.soak())
		}
	}
	return nil
}

// isHealthy asks once how the service is, before it is touched.
func (j *job) isHealthy(ctx context.Context, seen capture.Seen) bool {
	health := j.request.Spec.Health
	if health == nil || seen.State.Version() == "" {
		return false
	}
	return j.probe(seen.State.Version()).Ask(ctx, health.HTTP, probe.Want{Status: health.Status, Fields: health.Expect}) == nil
}

// startTimers starts the timers that were active when the state was recorded.
func (j *job) startTimers(ctx context.Context, recorded state.State) error {
	for _, u := range recorded.Units {
		if u.Active && slices.Contains(j.request.Spec.Timers, u.Name) {
			if err := j.units.Start(ctx, u.Name); err != nil {
				return as(host.CodeUnit, err)
			}
		}
	}
	return nil
}

func within(given time.Duration) time.Duration {
	if given > 0 {
		return given
	}
	return 30 * time.Second
}
