package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

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

// prepare gives the judge what is known before the first look: all that an earlier
// process saw of this bake, or else the time before.
func (d *drive) prepare(ctx context.Context, seen *replay, w *sampling, s rollout.State) error {
	looks, err := d.Journal.Samples(ctx, d.id, seen.command.ID, 0)
	if err != nil {
		d.fail(err)
		return err
	}
	if len(looks) > 0 {
		return seen.looks(looks)
	}
	before, err := d.before(ctx, seen.command, w, s)
	if err != nil {
		d.fail(err)
		return err
	}
	for _, t := range before {
		if err := d.keep(ctx, seen, t); err != nil {
			return err
		}
		seen.take(t)
	}
	return ctx.Err()
}

// before is what hosts did before they ran the release, as ticks with a time below 0: what
// sources know of the hour before the rollout, and what earlier bakes saw of hosts that
// were their baseline. Without either the judge goes without.
func (d *drive) before(ctx context.Context, c rollout.Command, w *sampling, s rollout.State) ([]judge.Tick, error) {
	byTime := map[time.Duration]*judge.Tick{}
	d.past(ctx, c, w, s, byTime)
	if err := d.earlier(ctx, c, w, s, byTime); err != nil {
		return nil, err
	}
	var ticks []judge.Tick
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		ticks = append(ticks, *byTime[at])
	}
	return ticks, nil
}

// past asks sources that know it for the time before the rollout.
func (d *drive) past(ctx context.Context, c rollout.Command, w *sampling, s rollout.State, byTime map[time.Duration]*judge.Tick) {
	if s.Started.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pastWait)
	defer cancel()
	to := s.Started.Truncate(time.Second)
	for _, name := range slices.Sorted(maps.Keys(w.metrics)) {
		source, err := w.source(name)
		past, ok := source.(Past)
		if err != nil || !ok {
			continue // the first look will tell of an error
		}
		steps, err := past.Past(ctx, w.hosts, to.Add(-pastTime), to, pastStep)
		if err != nil {
			d.Log.Info("a source does not know all of the time before", "source", name, "error", err)
		}
		for i, samples := range steps {
			ended := to.Add(-pastStep * time.Duration(len(steps)-1-i))
			w.addBefore(byTime, ended.Sub(c.At), name, samples)
		}
	}
}

// addBefore adds samples of the time before to the tick of their time.
func (w *sampling) addBefore(byTime map[time.Duration]*judge.Tick, at time.Duration, source string, samples []Sample) {
	if at >= 0 {
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

// earlier takes what earlier bakes of the rollout saw of hosts that ran the version before
// at that time: for the last stage, which has no baseline left, and for sources that know
// no past, that is what it can be compared with.
func (d *drive) earlier(ctx context.Context, c rollout.Command, w *sampling, s rollout.State, byTime map[time.Duration]*judge.Tick) error {
	commands, err := d.Journal.Commands(ctx, d.id, false)
	if err != nil {
		return err
	}
	for _, b := range commands {
		if b.Kind != rollout.BakeStage || b.ID >= c.ID || b.Stage >= c.Stage {
			continue
		}
		shared := sharedMetrics(s.Plan.Stages[b.Stage], s.Plan.Stages[c.Stage])
		looks, err := d.Journal.Samples(ctx, d.id, b.ID, 0)
		if err != nil {
			return err
		}
		for _, l := range looks {
			t, err := tickOf(l, b)
			if err != nil {
				return fmt.Errorf("samples of command %d: %w", b.ID, err)
			}
			w.addEarlier(byTime, l.At.Sub(c.At), t, shared)
		}
	}
	return nil
}

// addEarlier adds those samples of an earlier bake's look that are of a baseline.
func (w *sampling) addEarlier(byTime map[time.Duration]*judge.Tick, at time.Duration, seen judge.Tick, shared map[string]bool) {
	for _, sample := range seen.Samples {
		arm, known := w.arms[sample.Host]
		if !known || at >= 0 || sample.Arm != judge.Baseline || !shared[sample.Metric] {
			continue
		}
		if byTime[at] == nil {
			byTime[at] = &judge.Tick{At: at}
		}
		sample.Arm = beforeOf(arm)
		byTime[at].Samples = append(byTime[at].Samples, sample)
	}
}

// sharedMetrics is what two stages measure in the same way.
func sharedMetrics(a, b rollout.Stage) map[string]bool {
	shared := map[string]bool{}
	for _, m := range a.Metrics {
		for _, n := range b.Metrics {
			if m.Name == n.Name && m.Source == n.Source && m.Kind == n.Kind {
				shared[m.Name] = true
			}
		}
	}
	return shared
}
