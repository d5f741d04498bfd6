package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// look is how often the sources of a bake are asked.
const look = 5 * time.Second

// bake watches a stage until there is a verdict, and journals it. The time counts
// from when the bake was decided, so that a resumed one ends when it would have.
func (d *drive) bake(ctx context.Context, c rollout.Command, s rollout.State) error {
	stage := s.Plan.Stages[c.Stage]
	e := rollout.Event{Kind: rollout.StageDone, Command: c.ID, Verdict: rollout.Pass}
	if len(stage.Metrics) == 0 {
		if err := d.sleep(ctx, c.At.Add(longest(stage.Bake))); err != nil {
			return err
		}
	} else if err := d.judge(ctx, c, s, &e); err != nil {
		return err
	}
	e.At = d.Clock.Now()
	var kept sync.WaitGroup
	kept.Add(1)
	d.results <- result{event: e, kept: &kept}
	kept.Wait()
	return nil
}

func longest(b rollout.Bake) time.Duration { return max(b.Least, b.Most) }

// sleep waits until a time.
func (d *drive) sleep(ctx context.Context, until time.Time) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.Clock.After(until.Sub(d.Clock.Now())):
		return nil
	}
}

// judge looks at the stage's sources until the judge is sure, or time is up. What an
// earlier process saw of this bake is judged first, so that a crash costs no evidence.
func (d *drive) judge(ctx context.Context, c rollout.Command, s rollout.State, e *rollout.Event) error {
	stage := s.Plan.Stages[c.Stage]
	seen := newReplay(c, stage)
	if seen.broken != nil {
		// The plan was checked; what the judge still refuses is nobody's verdict.
		e.Verdict, e.Reason = rollout.Inconclusive, seen.broken.Error()
		return nil
	}
	w := d.sampling(s, stage)
	defer w.close()
	if err := d.prepare(ctx, seen, w, s); err != nil {
		return err
	}
	most := longest(stage.Bake)
	every := min(look, max(most/10, 100*time.Millisecond))
	for {
		at := max(d.Clock.Now().Sub(c.At), 0)
		if at >= most {
			return conclude(seen.state.End(at), stage, e)
		}
		t := w.tick(ctx, at)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.keep(ctx, seen, t); err != nil {
			return err
		}
		f := seen.take(t)
		if f.Verdict == judge.Fail || (f.Verdict == judge.Pass && at >= stage.Bake.Least) {
			return conclude(f, stage, e)
		}
		select {
		case d.findings <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
		next := min(at+every, most)
		if at < stage.Bake.Least {
			next = min(next, stage.Bake.Least)
		}
		if err := d.sleep(ctx, c.At.Add(next)); err != nil {
			return err
		}
	}
}

// config translates what a stage judges; the two types change for different reasons.
func config(stage rollout.Stage) judge.Config {
	var c judge.Config
	for _, m := range stage.Metrics {
		c.Metrics = append(c.Metrics, judge.Metric{
			Name: m.Name, Kind: judge.Kind(m.Kind), WorseBy: m.WorseBy, AtMost: m.AtMost, Higher: m.Higher, DryRun: m.DryRun,
		})
	}
	return c
}

// conclude turns a finding into the verdict of a bake.
func conclude(f judge.Finding, stage rollout.Stage, e *rollout.Event) error {
	e.Verdict, e.Reason = rollout.Verdict(f.Verdict), f.Reason
	if !slices.ContainsFunc(stage.Metrics, func(m rollout.Metric) bool { return !m.DryRun }) {
		// All of it was for show: such a stage passes by time alone.
		e.Verdict = rollout.Pass
	}
	detail, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("the judge's finding: %w", err)
	}
	e.Detail = string(detail)
	return nil
}
