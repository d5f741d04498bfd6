package metric

import (
	"math"
	"time"
)

// The roles of a reading, beside the edges of a histogram.
const (
	roleEvents   = "events"
	roleExposure = "exposure"
)

// reading is one running total at one look.
type reading struct {
	host   string
	role   string
	series string // which of the host's totals in this role
	// target is the process that counts. A series that is new, of a target that was
	// there before, began at nought: many counters are first seen with their first event.
	target string
	since  string // identity of what is counted; another one: it began anew
	value  float64
}

// totals remembers running totals, and says what was added to them between two looks.
type totals struct {
	last    map[string]reading // by role and series; nil before the first look
	targets map[string]bool    // there at the last look
	seen    map[string]time.Time
}

// growth is what was added.
type growth struct {
	by   map[string]map[string]float64 // host, role
	anew map[string]bool               // hosts a total of which fell: nothing is known of them
	span map[string]time.Duration      // since the host was seen last
}

// grown takes in one look; the first one only sets the base. A host with a total that
// fell is left out whole: its events and its exposure must be of the same time.
func (t *totals) grown(now time.Time, readings []reading) growth {
	g := growth{by: map[string]map[string]float64{}, anew: map[string]bool{}, span: map[string]time.Duration{}}
	first := t.last == nil
	if first {
		t.last, t.seen = map[string]reading{}, map[string]time.Time{}
	}
	targets := map[string]bool{}
	for _, r := range readings {
		if math.IsNaN(r.value) || math.IsInf(r.value, 0) || r.value < 0 {
			continue
		}
		key := r.role + "\x00" + r.host + "\x00" + r.series
		old, had := t.last[key]
		t.last[key] = r
		targets[r.target] = true
		switch {
		case had && (r.value < old.value || r.since != old.since):
			g.anew[r.host] = true
		case had:
			g.add(r, r.value-old.value)
		case !first && t.targets[r.target]:
			g.add(r, r.value)
		}
	}
	t.targets = targets
	for _, r := range readings {
		if was, ok := t.seen[r.host]; ok && was.Before(now) {
			g.span[r.host] = now.Sub(was)
		}
	}
	for _, r := range readings {
		t.seen[r.host] = now
	}
	for host := range g.anew {
		delete(g.by, host)
	}
	return g
}

func (g growth) add(r reading, d float64) {
	if g.by[r.host] == nil {
		g.by[r.host] = map[string]float64{}
	}
	g.by[r.host][r.role] += d
}
