package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// sampling asks the sources of one bake. It is for one goroutine.
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

// tick asks every source once. What cannot be asked is a gap of the metrics it is asked
// for, never a verdict, and takes nothing from what the others say.
func (w *sampling) tick(ctx context.Context, at time.Duration) judge.Tick {
	t := judge.Tick{At: at}
	for _, name := range slices.Sorted(maps.Keys(w.metrics)) {
		var samples []Sample
		source, err := w.source(name)
		if err == nil {
			samples, err = source.Sample(ctx, w.hosts)
		}
		if gaps := (Gaps{}); err != nil && !errors.As(err, &gaps) {
			samples = nil // it broke: what came with it is not to be relied on
		}
		w.add(&t, name, samples)
		w.gaps(&t, name, err)
	}
	return t
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

// gaps notes which metrics of a source have no answer, and why. A metric that has one of
// some hosts has one.
func (w *sampling) gaps(t *judge.Tick, name string, err error) {
	if err == nil {
		return
	}
	why := map[string]string{}
	if gaps := (Gaps{}); errors.As(err, &gaps) {
		for _, g := range gaps {
			why[g.Metric] = g.Reason
		}
	} else {
		for m := range w.metrics[name] {
			why[m] = err.Error()
		}
	}
	for _, s := range t.Samples {
		delete(why, s.Metric)
	}
	if t.Gaps == nil && len(why) > 0 {
		t.Gaps = map[string]string{}
	}
	maps.Copy(t.Gaps, why)
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
func (w *sampling) close() {
	for _, s := range w.sources {
		if c, ok := s.(io.Closer); ok {
			_ = c.Close() // they were only read
		}
	}
}
