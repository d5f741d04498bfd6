package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// judge looks at the stage's sources until the judge is sure, or time is up.
func (d *drive) judge(ctx context.Context, c rollout.Command, s rollout.State, e *rollout.Event) error {
	stage := s.Plan.Stages[c.Stage]
	state, err := judge.New(config(stage))
	if err != nil {
		// The plan was checked; what the judge still refuses is nobody's verdict.
		e.Verdict, e.Reason = rollout.Inconclusive, err.Error()
		return nil
	}
	most := longest(stage.Bake)
	every := min(look, max(most/10, 100*time.Millisecond))
	w := d.sampling(s, stage)
	for {
		at := max(d.Clock.Now().Sub(c.At), 0)
		if at >= most {
			return conclude(judge.End(state, at), stage, e)
		}
		var f judge.Finding
		state, f = judge.Look(state, w.tick(ctx, at))
		if ctx.Err() != nil {
			return ctx.Err()
		}
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
		c.Metrics = append(c.Metrics, judge.Metric{Name: m.Name, WorseBy: m.WorseBy, AtMost: m.AtMost, DryRun: m.DryRun})
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

// sampling asks the sources of one bake.
type sampling struct {
	open    func(name string) (Source, error)
	sources map[string]Source          // by name; nil until it was opened
	metrics map[string]map[string]bool // which metrics each source is asked for
	arms    map[string]judge.Arm       // by host
	hosts   []string
}

// sampling tells the hosts apart: those that run the release are the canary, those
// that still serve what ran before are the baseline.
func (d *drive) sampling(s rollout.State, stage rollout.Stage) *sampling {
	w := &sampling{sources: map[string]Source{}, metrics: map[string]map[string]bool{}, arms: map[string]judge.Arm{}}
	w.open = func(name string) (Source, error) {
		if d.Source == nil {
			return nil, fmt.Errorf("there is no source %q", name)
		}
		return d.Source(s.Plan, name)
	}
	for _, m := range stage.Metrics {
		if w.metrics[m.Source] == nil {
			w.metrics[m.Source] = map[string]bool{}
		}
		w.metrics[m.Source][m.Name] = true
	}
	for i, h := range s.Hosts {
		name := s.Plan.Hosts[i].Name
		switch {
		case h.Failure != "" || h.Exposure == rollout.None:
			continue
		case h.Updated:
			w.arms[name] = judge.Canary
		case !h.Begun || h.Restored:
			w.arms[name] = judge.Baseline
		default:
			continue
		}
		w.hosts = append(w.hosts, name)
	}
	return w
}

// tick asks every source once. What cannot be asked is a gap, never a verdict.
func (w *sampling) tick(ctx context.Context, at time.Duration) judge.Tick {
	t := judge.Tick{At: at}
	var gaps []string
	for _, name := range slices.Sorted(maps.Keys(w.metrics)) {
		samples, err := w.sample(ctx, name)
		if err != nil {
			gaps = append(gaps, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		for _, s := range samples {
			arm, known := w.arms[s.Host]
			if known && w.metrics[name][s.Metric] {
				t.Samples = append(t.Samples, judge.Sample{Arm: arm, Host: s.Host, Metric: s.Metric, Events: s.Events, Exposure: s.Exposure})
			}
		}
	}
	t.Gap = strings.Join(gaps, "; ")
	return t
}

func (w *sampling) sample(ctx context.Context, name string) ([]Sample, error) {
	if w.sources[name] == nil {
		source, err := w.open(name)
		if err != nil {
			return nil, err
		}
		w.sources[name] = source
	}
	return w.sources[name].Sample(ctx, w.hosts)
}
