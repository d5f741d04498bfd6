package record

import (
	"iter"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// gather finds out how near lines must be in time to be of one look: three quarters of how far apart a
// host's samples of a metric usually are. Recorders ask host after host.
func (r *Record) gather() {
	const enough = 100_000
	type series struct {
		key
		bake bool
	}
	last := map[series]time.Duration{}
	var apart [2][]time.Duration
	for i := 0; i < r.entries.n && len(apart[1]) < enough; i++ {
		e := r.entry(i)
		if e.arm == 0 {
			continue
		}
		s := series{key{e.host, e.metric}, !e.before()}
		if at, seen := last[s]; seen && len(apart[side(e.at)]) < enough {
			apart[side(e.at)] = append(apart[side(e.at)], e.at-at)
		}
		last[s] = e.at
	}
	for i, a := range apart {
		if len(a) > 0 {
			slices.Sort(a)
			r.near[i] = a[len(a)/2] * 3 / 4
		}
	}
}

// side is 1 after the deploy.
func side(at time.Duration) int {
	if at < 0 {
		return 0
	}
	return 1
}

// Looks is the record as ticks, oldest first. A tick's samples are good until the next one.
func (r *Record) Looks() iter.Seq[judge.Tick] {
	return func(yield func(judge.Tick) bool) {
		l := look{record: r, seen: map[key]bool{}}
		for from, to := range r.times() {
			if l.holds && !l.takes(from, to) {
				if !yield(l.tick) {
					return
				}
				l.begin()
			}
			l.add(from, to)
		}
		if l.holds {
			yield(l.tick)
		}
	}
}

// look is a tick that is being put together.
type look struct {
	record  *Record
	tick    judge.Tick
	holds   bool
	first   time.Duration
	seen    map[key]bool
	buckets [][]judge.Bucket // to be used again, by sample
}

func (l *look) begin() {
	l.tick, l.holds = judge.Tick{Samples: l.tick.Samples[:0]}, false
	clear(l.seen)
}

// takes reports whether what comes next is of the same look: it is near, and of nobody who has spoken.
func (l *look) takes(from, to int) bool {
	at := l.record.entry(from).at
	if side(at) != side(l.first) || at-l.first > l.record.near[side(at)] {
		return false
	}
	for i := from; i < to; i++ {
		if e := l.record.entry(i); e.arm != 0 && l.seen[key{e.host, e.metric}] {
			return false
		}
	}
	return true
}

func (l *look) add(from, to int) {
	r := l.record
	if !l.holds {
		l.first, l.holds = r.entry(from).at, true
	}
	l.tick.At = r.entry(from).at
	for i := from; i < to; i++ {
		e := r.entry(i)
		m := &r.metrics[e.metric]
		if e.arm == 0 {
			if l.tick.Gaps == nil {
				l.tick.Gaps = map[string]string{}
			}
			l.tick.Gaps[m.name] = r.gaps[e.host]
			continue
		}
		l.seen[key{e.host, e.metric}] = true
		s := judge.Sample{Arm: arms[e.arm], Host: r.hosts[e.host], Metric: m.name, Kind: m.kind}
		switch m.kind {
		case judge.Counts:
			s.Events, s.Exposure = e.a, e.b
		case judge.Gauge:
			s.Value = e.a
		default:
			n := len(l.tick.Samples)
			for len(l.buckets) <= n {
				l.buckets = append(l.buckets, nil)
			}
			l.buckets[n] = r.counts.buckets(l.buckets[n][:0], e.counts, m.edges[e.edges])
			s.Buckets = l.buckets[n]
		}
		l.tick.Samples = append(l.tick.Samples, s)
	}
}
