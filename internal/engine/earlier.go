package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// earlier takes what earlier bakes of the rollout saw of hosts that ran the version before
// at that time: for the last stage, which has no baseline left, and for sources that know
// no past, that is what it can be compared with.
func (d *drive) earlier(ctx context.Context, seen *replay, w *sampling, s rollout.State, byTime map[time.Duration]*judge.Tick) error {
	c := seen.command
	commands, err := d.Journal.Commands(ctx, d.id, false)
	if err != nil {
		return err
	}
	for _, b := range commands {
		if b.Kind != rollout.BakeStage || b.ID >= c.ID || b.Stage >= c.Stage {
			continue
		}
		shared := sharedMetrics(s.Plan.Stages[b.Stage], s.Plan.Stages[c.Stage])
		if err := d.looksAtBaseline(ctx, b.ID, seen, w, shared, byTime); err != nil {
			return err
		}
	}
	return nil
}

// observed takes what was observed while no bake was judged, in earlier processes too.
func (d *drive) observed(ctx context.Context, seen *replay, w *sampling, s rollout.State, byTime map[time.Duration]*judge.Tick) error {
	alike, shared := alwaysAlike(s.Plan), map[string]bool{}
	for _, m := range s.Plan.Stages[seen.command.Stage].Metrics {
		_, shared[m.Name] = alike[m.Name]
	}
	return d.looksAtBaseline(ctx, journal.Observed, seen, w, shared, byTime)
}

// looksAtBaseline takes what the looks of a command say of a baseline, in metrics that are shared.
func (d *drive) looksAtBaseline(ctx context.Context, command int, seen *replay, w *sampling, shared map[string]bool, byTime map[time.Duration]*judge.Tick) error {
	return d.Journal.EachLook(ctx, d.id, command, 0, func(l journal.Look) error {
		t, err := tickOf(l, seen.origin)
		if err != nil {
			return fmt.Errorf("samples of command %d: %w", command, err)
		}
		w.addEarlier(byTime, l.At.Sub(seen.origin), t, shared)
		return nil
	})
}

// addEarlier adds those samples of an earlier look that are of a baseline.
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
			if measuredAlike(m, n) {
				shared[m.Name] = true
			}
		}
	}
	return shared
}
