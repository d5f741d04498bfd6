package engine

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// observeEvery is how often light sources are asked while nothing is judged.
const observeEvery = 15 * time.Second

// observed is what light sources said of hosts that nothing was done to, while nothing was judged: other hosts were
// updated, or people decided. It is of the last hour, and of this process alone: without it the judge knows less, no more.
type observed struct {
	mu    sync.Mutex // guards looks
	looks []observedLook
}

type observedLook struct {
	at      time.Time
	source  string
	samples []Sample
}

func (g *observed) add(l observedLook) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looks = append(g.looks, l)
	g.looks = slices.DeleteFunc(g.looks, func(old observedLook) bool { return l.at.Sub(old.at) > pastTime })
}

// addTo adds it to the ticks of the time before a stage that began at origin.
func (g *observed) addTo(byTime map[time.Duration]*judge.Tick, w *sampling, origin time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.looks {
		w.addBefore(byTime, l.at.Sub(origin), l.source, l.samples)
	}
}

// observe asks light sources for as long as the rollout is driven.
func (d *drive) observe(ctx context.Context) {
	sources := d.lightSources()
	defer closeAll(sources)
	var last map[string]bool // the hosts that the sources' last answers are of
	for len(sources) > 0 && !d.current().Phase.Ended() {
		last = d.observeOnce(ctx, sources, last)
		if d.rest(ctx, observeEvery) != nil {
			return
		}
	}
}

// lightSources opens those sources of the plan that may be asked at any time. What cannot be opened is told of by the
// first look of a bake.
func (d *drive) lightSources() map[string]Source {
	light := map[string]Source{}
	if d.Source == nil {
		return light
	}
	plan := d.current().Plan
	for _, stage := range plan.Stages {
		for _, m := range stage.Metrics {
			if light[m.Source] != nil {
				continue
			}
			source, err := d.Source(plan, m.Source)
			if err != nil {
				continue
			}
			if l, ok := source.(Light); ok && l.Light() {
				light[m.Source] = source
				continue
			}
			closeAll(map[string]Source{m.Source: source})
		}
	}
	return light
}

// observeOnce asks each source, keeps what it says of hosts that were calm from the last answer to this one, and returns
// those that were before this one; none while a bake looks itself.
func (d *drive) observeOnce(ctx context.Context, sources map[string]Source, last map[string]bool) map[string]bool {
	now := calm(d.current())
	if len(now) == 0 {
		return nil
	}
	hosts := slices.Sorted(maps.Keys(now))
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		a := ask(ctx, sources[name], hosts)
		if gaps := (Gaps{}); a.err != nil && !errors.As(a.err, &gaps) {
			// Its next answer covers this time too.
			maps.DeleteFunc(now, func(host string, _ bool) bool { return !last[host] })
			continue
		}
		still := calm(d.current())
		samples := slices.DeleteFunc(a.samples, func(s Sample) bool { return !last[s.Host] || !now[s.Host] || !still[s.Host] })
		if len(samples) > 0 {
			d.observed.add(observedLook{at: d.Clock.Now(), source: name, samples: samples})
		}
	}
	return now
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
