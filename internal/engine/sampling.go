package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// sampling asks the sources of one bake. It is for one goroutine.
type sampling struct {
	open    func(name string) (Source, error)
	sources map[string]Source          // by name; nil until it was opened
	metrics map[string]map[string]bool // which metrics each source is asked for
	paired  map[string]bool            // metrics that nothing can be said of without a baseline
	arms    map[string]judge.Arm       // by host
	hosts   []string
	heard   map[string]bool // metrics that had an answer, in earlier processes too
}

// sampling tells the hosts apart: those that run the release are the canary, those
// that still serve what ran before are the baseline. A host that the service was never on
// is neither: it does nothing, and that is nothing to compare with.
func (d *drive) sampling(s rollout.State, stage rollout.Stage) *sampling {
	w := &sampling{sources: map[string]Source{}, metrics: map[string]map[string]bool{}, paired: map[string]bool{}, arms: map[string]judge.Arm{}}
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
		w.paired[m.Name] = m.WorseBy > 0 && m.AtMost == 0
	}
	for i, h := range s.Hosts {
		name := s.Plan.Hosts[i].Name
		switch {
		case h.Failure != "" || h.Exposure == rollout.None:
			continue
		case h.Updated:
			w.arms[name] = judge.Canary
		case undisturbed(s, i):
			w.arms[name] = judge.Baseline
		default:
			continue
		}
		w.hosts = append(w.hosts, name)
	}
	return w
}

// answer is what a source said.
type answer struct {
	samples []Sample
	err     error
}

// tick asks every source once, all at the same time. What cannot be asked is a gap of the
// metrics it is asked for, never a verdict, and takes nothing from what the others say.
func (w *sampling) tick(ctx context.Context, at time.Duration) judge.Tick {
	names := slices.Sorted(maps.Keys(w.metrics))
	answers := make([]answer, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		source, err := w.source(name)
		if err != nil {
			answers[i].err = err
			continue
		}
		asking.Go(func() { answers[i] = ask(ctx, source, w.hosts) })
	}
	asking.Wait()
	t := judge.Tick{At: at}
	for i, name := range names {
		a := answers[i]
		if gaps := (Gaps{}); a.err != nil && !errors.As(a.err, &gaps) {
			a.samples = nil // it broke: what came with it is not to be relied on
		}
		w.add(&t, name, a.samples)
		w.gaps(&t, name, a.err)
	}
	return t
}

// ask asks one source. One that breaks the engine's rules has no answer.
func ask(ctx context.Context, source Source, hosts []string) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: fmt.Errorf("the source broke: %v", p)}
		}
	}()
	a.samples, a.err = source.Sample(ctx, hosts)
	return a
}

// add puts what a source said of the hosts and metrics it was asked for into a tick.
func (w *sampling) add(t *judge.Tick, name string, samples []Sample) {
	for _, s := range samples {
		arm, known := w.arms[s.Host]
		if !known || !w.metrics[name][s.Metric] {
			continue
		}
		sample := judge.Sample{
			Arm: arm, Host: s.Host, Metric: s.Metric, Kind: judge.Kind(s.Kind),
			Events: s.Events, Exposure: s.Exposure, Value: s.Value,
		}
		for _, b := range s.Buckets {
			sample.Buckets = append(sample.Buckets, judge.Bucket(b))
		}
		t.Samples = append(t.Samples, sample)
	}
}

func (w *sampling) source(name string) (Source, error) {
	if w.sources[name] == nil {
		source, err := w.open(name)
		if err != nil {
			return nil, err
		}
		w.sources[name] = source
	}
	return w.sources[name], nil
}

// close ends the sources that hold something.
func (w *sampling) close() { closeAll(w.sources) }
