package record

import (
	"fmt"
	"iter"
	"slices"
)

// settle puts the entries in order of time, makes the bake begin at 0, and refuses what was said twice.
func (r *Record) settle() error {
	var last, first *entry // of the time before, and of the bake
	for i := range r.entries.n {
		switch e := r.entries.at(i); {
		case e.arm == 0:
		case e.before():
			if last == nil || e.at > last.at {
				last = e
			}
		case first == nil || e.at < first.at:
			first = e
		}
	}
	if last != nil && last.at > 0 {
		if first != nil && first.at < last.at {
			return fmt.Errorf("line %d: t: found %s with arm %q, which is after %s with arm %q in line %d: allowed is what is below 0, or below all t of the bake",
				last.line, plain(last.at.Seconds()), arms[last.arm], plain(first.at.Seconds()), arms[first.arm], first.line)
		}
		r.origin = last.at
	}
	ordered := true
	for i := range r.entries.n {
		e := r.entries.at(i)
		e.at -= r.origin
		if e.before() {
			e.at = min(e.at, -1)
		}
		ordered = ordered && (i == 0 || r.entries.at(i-1).at <= e.at)
	}
	if !ordered {
		r.sort()
	}
	return r.twice()
}

func (r *Record) sort() {
	r.order = make([]uint32, r.entries.n)
	for i := range r.order {
		r.order[i] = uint32(i)
	}
	slices.SortFunc(r.order, func(a, b uint32) int {
		x, y := r.entries.at(int(a)), r.entries.at(int(b))
		switch {
		case x.at < y.at:
			return -1
		case x.at > y.at:
			return 1
		}
		return int(a) - int(b)
	})
}

// entry is the one that comes so late.
func (r *Record) entry(i int) *entry {
	if r.order != nil {
		i = int(r.order[i])
	}
	return r.entries.at(i)
}

// times is the entries from the first to before the second number, for each time.
func (r *Record) times() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for from, to := 0, 0; from < r.entries.n; from = to {
			for at := r.entry(from).at; to < r.entries.n && r.entry(to).at == at; to++ {
			}
			if !yield(from, to) {
				return
			}
		}
	}
}

// key is what there may be one sample of at a look.
type key struct {
	host   uint32
	metric uint16
}

// twice refuses two samples of the same host, metric and time.
func (r *Record) twice() error {
	seen := map[key]uint32{}
	for from, to := range r.times() {
		clear(seen)
		for i := from; i < to; i++ {
			e := r.entry(i)
			if e.arm == 0 {
				continue
			}
			k := key{e.host, e.metric}
			if line := seen[k]; line > 0 {
				return fmt.Errorf("line %d: host: found %q with %q at t %s again, it is in line %d already: wanted is one sample a host, metric and time",
					e.line, r.hosts[e.host], r.metrics[e.metric].name, plain((e.at + r.origin).Seconds()), line)
			}
			seen[k] = e.line
		}
	}
	return nil
}
