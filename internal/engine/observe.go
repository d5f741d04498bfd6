package engine

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// observeEvery is how often light sources are asked while nothing is judged; observeLast is how many answers are kept, as many as an
// hour has; they may be of several days.
const (
	observeEvery = 15 * time.Second
	observeLast  = int(pastTime / observeEvery)
)

// observe asks light sources for as long as the rollout is driven, about hosts that nothing is done to: while others are
// updated, or people decide. What they say is journalled, for the judge of the next bake.
func (d *drive) observe(ctx context.Context) {
	w := d.lightSources()
	defer w.close()
	var last map[string]bool // the hosts that the sources' last answers are of
	for len(w.sources) > 0 && !d.current().Phase.Ended() {
		last = d.observeOnce(ctx, w, last)
		if d.rest(ctx, observeEvery) != nil {
			return
		}
	}
}

// lightSources opens those sources of the plan that may be asked at any time. What cannot be opened is told of by the
// first look of a bake.
func (d *drive) lightSources() *sampling {
	w := &sampling{sources: map[string]Source{}, metrics: map[string]map[string]bool{}}
	if d.Source == nil {
		return w
	}
	plan := d.current().Plan
	alike := alwaysAlike(plan)
	for _, name := range slices.Sorted(maps.Keys(alike)) {
		m := alike[name]
		if w.metrics[m.Source] == nil {
			w.metrics[m.Source] = map[string]bool{}
			if source, err := d.Source(plan, m.Source); err != nil {
				continue
			} else if l, ok := source.(Light); ok && l.Light() {
				w.sources[m.Source] = source
			} else {
				closeAll(map[string]Source{m.Source: source})
			}
		}
		w.metrics[m.Source][name] = true
	}
	return w
}

// alwaysAlike are the metrics that are measured alike in every stage that has them, by name: what is observed tells the name alone.
func alwaysAlike(plan *rollout.Plan) map[string]rollout.Metric {
	alike, differ := map[string]rollout.Metric{}, map[string]bool{}
	for _, stage := range plan.Stages {
		for _, m := range stage.Metrics {
			if first, ok := alike[m.Name]; ok && !measuredAlike(first, m) {
				differ[m.Name] = true
			} else if !ok {
				alike[m.Name] = m
			}
		}
	}
	maps.DeleteFunc(alike, func(name string, _ rollout.Metric) bool { return differ[name] })
	return alike
}

func measuredAlike(a, b rollout.Metric) bool {
	return a.Name == b.Name && a.Source == b.Source && a.Kind == b.Kind
}

// observeOnce asks each source, keeps what it says of hosts that were calm from the last answer to this one, and returns
// those that were before this one; none while a bake looks itself.
func (d *drive) observeOnce(ctx context.Context, w *sampling, last map[string]bool) map[string]bool {
	now := calm(d.current())
	if len(now) == 0 {
		return nil
	}
	hosts := slices.Sorted(maps.Keys(now))
	answers := map[string][]Sample{}
	for _, name := range slices.Sorted(maps.Keys(w.sources)) {
		a := ask(ctx, w.sources[name], hosts)
		if gaps := (Gaps{}); len(a.samples) == 0 || a.err != nil && !errors.As(a.err, &gaps) {
			// Its next answer covers this time too: it failed, or its own pace is slower.
			maps.DeleteFunc(now, func(host string, _ bool) bool { return !last[host] })
			continue
		}
		answers[name] = a.samples
	}
	w.arms = map[string]judge.Arm{}
	for host := range calm(d.current()) {
		if last[host] && now[host] {
			w.arms[host] = judge.Baseline
		}
	}
	t := judge.Tick{}
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		w.add(&t, name, answers[name])
	}
	d.keepObserved(ctx, t)
	return now
}

// keepObserved journals what was observed. Without it the judge knows less, no more.
func (d *drive) keepObserved(ctx context.Context, t judge.Tick) {
	if len(t.Samples) == 0 {
		return
	}
	body, err := lines(t)
	if err == nil {
		err = d.Journal.AppendObserved(ctx, d.lease, journal.Look{At: d.Clock.Now(), Body: body}, observeLast)
	}
	if err != nil && ctx.Err() == nil {
		d.Log.Info("what balancers say between bakes is not kept", "error", err)
	}
}

// calm are the hosts that run what was live before, and that nothing is being done to; none while a stage is judged.
func calm(s rollout.State) map[string]bool {
	hosts := map[string]bool{}
	for i, h := range s.Hosts {
		if undisturbed(s, i) && h.Failure == "" && h.Exposure != rollout.None {
			hosts[s.Plan.Hosts[i].Name] = true
		}
	}
	for _, p := range s.Pending {
		switch p.Kind {
		case rollout.BakeStage:
			if len(s.Plan.Stages[p.Stage].Metrics) > 0 {
				return nil
			}
		case rollout.Record, rollout.CheckHosts: // they only look
		default:
			for _, name := range p.Hosts {
				delete(hosts, name)
			}
		}
	}
	return hosts
}

// undisturbed reports whether a host serves the version before.
func undisturbed(s rollout.State, i int) bool {
	return (!s.Hosts[i].Begun || s.Hosts[i].Restored) && s.Plan.Hosts[i].From != ""
}

// closeAll ends the sources that hold something.
func closeAll(sources map[string]Source) {
	for _, s := range sources {
		if c, ok := s.(io.Closer); ok {
			_ = c.Close() // they were only read
		}
	}
}
