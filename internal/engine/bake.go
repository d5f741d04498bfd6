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

// every is how often the sources of a bake are asked: every five seconds; in a short one ten times; in one longer than
// eight hours so often that a day's looks are no more than eight hours' are otherwise, for whoever resumes the rollout, or
// asks how it stands, judges all of them again.
func every(most time.Duration) time.Duration {
	const usual, least, long, looks = 5 * time.Second, 100 * time.Millisecond, 15 * time.Second, 5760
	return max(min(usual, max(most/10, least)), min(most/looks, long))
}

// bake watches a stage until there is a verdict, and journals it. The time counts
// from when the bake was decided, so that one which a process takes over ends when it would have.
func (d *drive) bake(ctx context.Context, c rollout.Command, s rollout.State) error {
	stage := s.Plan.Stages[c.Stage]
	e := rollout.Event{Kind: rollout.StageDone, Command: c.ID, Verdict: rollout.Pass}
	if len(stage.Metrics) == 0 {
		// A clock that is behind the one by which the bake was decided makes it no longer.
		left := c.At.Add(longest(stage.Bake)).Sub(d.Clock.Now())
		if err := d.rest(ctx, min(left, longest(stage.Bake))); err != nil {
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

// judge looks at the stage's sources until the judge is sure, or time is up. What earlier
// processes, and bakes that a pause cut off, saw of this stage is judged first: neither a
// crash nor a pause costs evidence.
func (d *drive) judge(ctx context.Context, c rollout.Command, s rollout.State, e *rollout.Event) error {
	stage := s.Plan.Stages[c.Stage]
	seen := newReplay(c, stage)
	if seen.broken != nil {
		// The plan was checked; what the judge still refuses is nobody's verdict.
		e.Verdict, e.Reason = rollout.Inconclusive, seen.broken.Error()
		return nil
	}
	w := d.sampling(s, stage)
	w.heard = seen.heard
	defer w.close()
	if err := d.prepare(ctx, seen, w, s); err != nil {
		return err
	}
	watch := d.elapsed(seen)
	if err := d.unwatched(ctx, seen, stage, watch.now()); err != nil {
		return err
	}
	begun := c.At.Sub(seen.origin)
	least, most := begun+stage.Bake.Least, begun+longest(stage.Bake)
	for {
		at := watch.now()
		if at >= most {
			return conclude(seen.state.End(at), stage, e)
		}
		f, err := d.look(ctx, seen, w, at)
		if err != nil {
			return err
		}
		if f.Verdict == judge.Fail || (f.Verdict == judge.Pass && at >= least && counts(stage) && !seen.open(stage)) {
			return conclude(f, stage, e)
		}
		select {
		case d.findings <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
		next := min(at+every(longest(stage.Bake)), most)
		if at < least {
			next = min(next, least)
		}
		if err := d.rest(ctx, next-watch.now()); err != nil {
			return err
		}
	}
}

// look asks the sources once, journals what they say, and judges it.
func (d *drive) look(ctx context.Context, seen *replay, w *sampling, at time.Duration) (judge.Finding, error) {
	t := w.tick(ctx, at)
	if ctx.Err() != nil {
		return judge.Finding{}, ctx.Err()
	}
	if err := d.keep(ctx, seen, t); err != nil {
		return judge.Finding{}, err
	}
	return seen.take(t), nil
}

// counts reports whether something that a stage judges is more than for show.
func counts(stage rollout.Stage) bool {
	return slices.ContainsFunc(stage.Metrics, func(m rollout.Metric) bool { return !m.DryRun })
}

// config is what a stage judges.
func config(stage rollout.Stage) judge.Config {
	return judge.Config{Metrics: JudgeMetrics(stage.Metrics)}
}

// JudgeMetrics translates what a stage judges; the two types change for different
// reasons. It is the only place where they meet: a record that is judged again is judged
// by what judged it first.
func JudgeMetrics(all []rollout.Metric) []judge.Metric {
	var out []judge.Metric
	for _, m := range all {
		out = append(out, judge.Metric{
			Name: m.Name, Kind: judge.Kind(m.Kind), WorseBy: m.WorseBy, PassBelow: m.PassBelow, AtMost: m.AtMost,
			Higher: m.Higher, DryRun: m.DryRun,
		})
	}
	return out
}

// conclude turns a finding into the verdict of a bake.
func conclude(f judge.Finding, stage rollout.Stage, e *rollout.Event) error {
	e.Verdict, e.Reason = rollout.Verdict(f.Verdict), f.Reason
	if !counts(stage) {
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
