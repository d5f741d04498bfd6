package metric

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// tracks is a system that keeps what happened in each step of time, and not totals.
type tracks interface {
	// read returns what a query says of each host from one time to another, in points
	// not further apart than step. Points outside are left alone.
	read(ctx context.Context, hosts []string, query string, from, to time.Time, step time.Duration) ([]track, error)
}

// track is what a query says of one host.
type track struct {
	host   string        // as the system calls it
	step   time.Duration // each point is of the time from its own to one step later
	points []point       // those that have a value
}

type point struct {
	at    time.Time
	value float64
}

// windowed turns tracks into samples of one metric: each look covers the time from the
// end of the last one to the newest that is complete.
type windowed struct {
	asked
	source tracks
	now    func() time.Time
	from   time.Time // the end of what was looked at
	due    time.Time // when the first of it is complete
	events bool      // some host had a series of events: the query for them is right
}

var _ engine.Past = (*windowed)(nil)

// longest bounds what is caught up with after a source was away.
const longest = time.Hour

// Sample looks at the time since the last look. A source that was away is asked for
// the time that it missed too.
func (w *windowed) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	if w.from.IsZero() {
		// What is complete by now is of the time before the first look, when hosts ran
		// something else or were being changed: it must not count as the release's.
		w.from = w.now().Add(w.every - 1).Truncate(w.every)
		w.due = w.from.Add(w.every + w.lag)
		return nil, w.early(w.due)
	}
	to := w.now().Add(-w.lag).Truncate(w.every)
	switch {
	case to.After(w.from):
	case w.now().Before(w.due):
		return nil, w.early(w.due)
	default:
		return nil, nil
	}
	from := w.from
	if oldest := to.Add(-longest.Truncate(w.every)); from.Before(oldest) {
		from = oldest
	}
	steps, gaps, err := w.between(ctx, hosts, from, to, to.Sub(from))
	if err != nil {
		return nil, err
	}
	// Of a time that nothing is known of yet it is asked again: what is sent once the
	// system is back may be of that time.
	if len(steps[0]) > 0 {
		w.from = to
	}
	return steps[0], only(gaps)
}

// Past looks at each step of a time that is over.
func (w *windowed) Past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, error) {
	if step < w.every {
		return nil, fmt.Errorf("steps of %s are shorter than the %s between two points", step, w.every)
	}
	// Points lie on the source's own times, which a step must begin with.
	steps, _, err := w.between(ctx, hosts, from.Truncate(w.every), to.Truncate(w.every), step.Truncate(w.every))
	return steps, err
}

func (w *windowed) between(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, engine.Gaps, error) {
	if w.kind == rollout.Gauge {
		values, err := w.read(ctx, hosts, w.ask.Value, from, to)
		if err != nil {
			return nil, nil, err
		}
		out, gaps := w.values(hosts, values, from, to, step)
		return out, gaps, nil
	}
	events, err := w.read(ctx, hosts, w.ask.Events, from, to)
	if err != nil {
		return nil, nil, err
	}
	var exposure map[string][]track
	if w.ask.Exposure != "" {
		if exposure, err = w.read(ctx, hosts, w.ask.Exposure, from, to); err != nil {
			return nil, nil, err
		}
	}
	out, gaps := w.counts(hosts, events, exposure, from, to, step)
	return out, gaps, nil
}

// read asks one query, and sorts what it says by host.
func (w *windowed) read(ctx context.Context, hosts []string, query string, from, to time.Time) (map[string][]track, error) {
	all, err := w.source.read(ctx, hosts, w.fill(query), from, to, w.every)
	if err != nil {
		return nil, err
	}
	by := map[string][]track{}
	for _, t := range all {
		if t.step > w.every {
			return nil, fmt.Errorf("the series of %s has a point each %s, and is read each %s: set every to %s or a multiple", t.host, t.step, w.every, t.step)
		}
		by[t.host] = append(by[t.host], t)
	}
	return by, nil
}

// summed adds the points of a host's series up. A point counts when it is whole
// within the time.
func summed(all []track, from, to time.Time) map[time.Time]float64 {
	sum := map[time.Time]float64{}
	for _, t := range all {
		for _, p := range t.points {
			if !p.at.Before(from) && !p.at.Add(t.step).After(to) {
				sum[p.at] += p.value
			}
		}
	}
	return sum
}

// counts pairs the events of each point with its exposure: where one of the two is
// missing, nothing is known.
func (w *windowed) counts(hosts []string, events, exposure map[string][]track, from, to time.Time, step time.Duration) ([][]engine.Sample, engine.Gaps) {
	out := make([][]engine.Sample, max(1, int(to.Sub(from)/step)))
	w.events = w.events || len(events) > 0
	known := slices.Concat(keys(events), keys(exposure))
	var gaps engine.Gaps
	for _, h := range hosts {
		called := w.called(h)
		has, of := summed(events[called], from, to), summed(exposure[called], from, to)
		empty := false
		switch {
		case events[called] == nil && exposure[called] == nil:
			gaps = append(gaps, w.unknown(h, known))
			continue
		case events[called] == nil && !w.events && !w.zero:
			gaps = append(gaps, w.gap(h, reasonAbsent))
			continue
		case w.ask.Exposure != "" && exposure[called] == nil:
			gaps = append(gaps, w.gap(h, "there are errors of it and no requests: see the query of the exposure"))
			continue
		case w.ask.Exposure == "":
			of = seconds(events[called], has)
		case w.zero || events[called] == nil:
			empty = true
		}
		if !w.paired(out, h, has, of, empty, from, step) {
			gaps = append(gaps, w.gap(h, "it has no complete value since "+from.Format(time.TimeOnly)))
		}
	}
	return out, gaps
}

// seconds is the exposure when there is no query of it: the time of each point.
func seconds(all []track, has map[time.Time]float64) map[time.Time]float64 {
	of := map[time.Time]float64{}
	for at := range has {
		of[at] = all[0].step.Seconds()
	}
	return of
}

// paired adds the points of one host to the samples of their steps; false when there
// were none. empty says that a point without events had none.
func (w *windowed) paired(out [][]engine.Sample, host string, has, of map[time.Time]float64, empty bool, from time.Time, step time.Duration) bool {
	by := map[int]*engine.Sample{}
	for at, exposure := range of {
		events, ok := has[at]
		i := int(at.Sub(from) / step)
		if (!ok && !empty) || i >= len(out) {
			continue
		}
		if by[i] == nil {
			by[i] = &engine.Sample{Host: host, Metric: w.name, Kind: rollout.Counts}
		}
		by[i].Events += events
		by[i].Exposure += exposure
	}
	for i, s := range by {
		out[i] = append(out[i], *s)
	}
	return len(by) > 0
}

// values takes the last value of each step.
func (w *windowed) values(hosts []string, all map[string][]track, from, to time.Time, step time.Duration) ([][]engine.Sample, engine.Gaps) {
	out := make([][]engine.Sample, max(1, int(to.Sub(from)/step)))
	var gaps engine.Gaps
	for _, h := range hosts {
		tracks := all[w.called(h)]
		switch {
		case tracks == nil:
			gaps = append(gaps, w.unknown(h, keys(all)))
			continue
		case len(tracks) > 1:
			gaps = append(gaps, w.gap(h, reasonSeries))
			continue
		}
		last := map[int]point{}
		for _, p := range tracks[0].points {
			i := int(p.at.Sub(from) / step)
			if !p.at.Before(from) && !p.at.Add(tracks[0].step).After(to) && i < len(out) && !p.at.Before(last[i].at) {
				last[i] = p
			}
		}
		for i, p := range last {
			out[i] = append(out[i], engine.Sample{Host: h, Metric: w.name, Kind: rollout.Gauge, Value: p.value})
		}
		if len(last) == 0 {
			gaps = append(gaps, w.gap(h, "it has no complete value since "+from.Format(time.TimeOnly)))
		}
	}
	return out, gaps
}
