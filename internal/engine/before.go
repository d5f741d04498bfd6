package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

const (
	// pastTime is how long before the rollout sources are asked of, in steps of pastStep.
	pastTime = time.Hour
	pastStep = time.Minute
	// pastWait bounds how long that may take: it is worth knowing, and no more.
	pastWait = 30 * time.Second
)

// prepare gives the judge what is known before the first look: all that was seen of this
// stage before, or else the time before.
func (d *drive) prepare(ctx context.Context, seen *replay, w *sampling, s rollout.State) error {
	err := seen.cutOff(ctx, d.Journal, d.id)
	if err == nil {
		err = seen.catchUp(ctx, d.Journal, d.id)
	}
	if err != nil {
		d.fail(err)
		return err
	}
	if seen.found.Verdict != "" {
		return nil
	}
	before, err := d.before(ctx, seen, w, s)
	if err != nil {
		d.fail(err)
		return err
	}
	for _, t := range before {
		if t.At <= seen.before {
			continue // a process that ended in the middle of this has kept it
		}
		if err := d.keep(ctx, seen, t); err != nil {
			return err
		}
		seen.take(t)
	}
	return ctx.Err()
}

// before is what hosts did before they ran the release, as ticks with a time below 0: what
// sources know of the hour before the rollout, what was observed while nothing was judged, and
// what earlier bakes saw of hosts that were their baseline. Without any the judge goes without.
func (d *drive) before(ctx context.Context, seen *replay, w *sampling, s rollout.State) ([]judge.Tick, error) {
	byTime := map[time.Duration]*judge.Tick{}
	d.past(ctx, seen, w, s, byTime)
	if err := d.observed(ctx, seen, w, s, byTime); err != nil {
		return nil, err
	}
	if err := d.earlier(ctx, seen, w, s, byTime); err != nil {
		return nil, err
	}
	var ticks []judge.Tick
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		ticks = append(ticks, *byTime[at])
	}
	return ticks, nil
}

// past asks sources that know it for the time before the rollout.
func (d *drive) past(ctx context.Context, seen *replay, w *sampling, s rollout.State, byTime map[time.Duration]*judge.Tick) {
	if s.Started.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pastWait)
	defer cancel()
	to := s.Started.Truncate(time.Second)
	from, err := d.pastFrom(ctx, s, to)
	if err != nil || !from.Before(to) {
		return // without the journal the first look ends the rollout
	}
	for _, name := range slices.Sorted(maps.Keys(w.metrics)) {
		source, err := w.source(name)
		past, ok := source.(Past)
		if err != nil || !ok {
			continue // the first look will tell of an error
		}
		steps, err := past.Past(ctx, w.hosts, from, to, pastStep)
		if err != nil {
			d.Log.Info("a source does not know all of the time before", "source", name, "error", err)
		}
		for i, samples := range steps {
			ended := to.Add(-pastStep * time.Duration(len(steps)-1-i))
			w.addBefore(byTime, ended.Sub(seen.origin), name, samples)
		}
	}
}

// pastFrom is when the time before begins: an hour before the rollout, and not before the
// end of the last one, whole steps from to. During that hosts ran something else than before this
// one, and errors of a release that was taken back would be held for the hosts' own.
func (d *drive) pastFrom(ctx context.Context, s rollout.State, to time.Time) (time.Time, error) {
	const several = 20 // one that was rolled back late may be older than others
	last, err := d.Journal.List(ctx, journal.Filter{Service: s.Plan.Service, Environment: s.Plan.Environment, Limit: several})
	if err != nil {
		return to, err
	}
	before := pastTime
	for _, r := range last {
		if !r.Head.Ended.IsZero() && r.ID != d.id {
			before = min(before, to.Sub(r.Head.Ended))
		}
	}
	return to.Add(-max(before, 0).Truncate(pastStep)), nil
}

// addBefore adds samples of the time before to the tick of their time.
func (w *sampling) addBefore(byTime map[time.Duration]*judge.Tick, at time.Duration, source string, samples []Sample) {
	if at >= 0 || len(samples) == 0 {
		return
	}
	if byTime[at] == nil {
		byTime[at] = &judge.Tick{At: at}
	}
	t := byTime[at]
	from := len(t.Samples)
	w.add(t, source, samples)
	for i := range t.Samples[from:] {
		t.Samples[from+i].Arm = beforeOf(t.Samples[from+i].Arm)
	}
}

func beforeOf(a judge.Arm) judge.Arm {
	if a == judge.Canary {
		return judge.CanaryBefore
	}
	return judge.BaselineBefore
}
