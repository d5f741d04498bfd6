package metric

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

const (
	reasonAnew   = "its counters began anew (a restart): the time since the last look is left out"
	reasonAbsent = "there are requests of it and no series of errors; when that means none, set absent: zero"
	reasonSeries = "several series tell of it: aggregate them in the query, so that there is one a host"
)

// counter turns running totals into samples of one metric.
type counter struct {
	asked
	totals totals
	events bool // some host had a series of events: the query for them is right
	looked time.Time
}

// tell says what hosts did between the last look and this one.
func (c *counter) tell(now time.Time, hosts []string, readings []reading) ([]engine.Sample, error) {
	first := c.totals.last == nil
	g := c.totals.grown(now, readings)
	there := map[string]map[string]bool{}
	for _, r := range readings {
		if there[r.host] == nil {
			there[r.host] = map[string]bool{}
		}
		there[r.host][r.role] = true
		c.events = c.events || r.role == roleEvents
	}
	var samples []engine.Sample
	var gaps engine.Gaps
	for _, h := range hosts {
		called := c.called(h)
		switch {
		case there[called] == nil:
			gaps = append(gaps, c.unknown(h, keys(there)))
		case g.anew[called]:
			gaps = append(gaps, c.gap(h, reasonAnew))
		case first:
		default:
			s, reason, ok := c.sample(h, g.by[called], there[called], g.span[called])
			if reason != "" {
				gaps = append(gaps, c.gap(h, reason))
			} else if ok {
				samples = append(samples, s)
			}
		}
	}
	return samples, only(gaps)
}

func keys[V any](m map[string]V) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}

// sample is one host's; not ok when its totals are seen for the first time.
func (c *counter) sample(host string, grown map[string]float64, there map[string]bool, span time.Duration) (s engine.Sample, reason string, ok bool) {
	s = engine.Sample{Host: host, Metric: c.name, Kind: c.kind}
	if c.kind == rollout.Histogram {
		s.Buckets, reason = buckets(grown)
		return s, reason, len(s.Buckets) > 0
	}
	byTime := c.ask.Exposure == "" && !there[roleExposure]
	events, has := grown[roleEvents]
	s.Events = events
	if byTime {
		s.Exposure = span.Seconds()
		return s, "", has && span > 0
	}
	exposure, counted := grown[roleExposure]
	s.Exposure = exposure
	switch {
	case !there[roleExposure]:
		return s, "there are errors of it and no requests: see the query of the exposure", false
	case !there[roleEvents] && !c.events && !c.zero:
		return s, reasonAbsent, false
	case there[roleEvents] && !has:
		return s, "", false
	}
	return s, "", counted
}

// buckets turns what was added at or below each edge into what was added between edges.
func buckets(grown map[string]float64) ([]engine.Bucket, string) {
	var out []engine.Bucket
	for role, n := range grown {
		edge, err := strconv.ParseFloat(role, 64)
		if err != nil || math.IsNaN(edge) {
			return nil, "the edge " + strconv.Quote(role) + " of a bucket is no number: give the _bucket series, with their label le"
		}
		out = append(out, engine.Bucket{AtMost: edge, Count: n})
	}
	slices.SortFunc(out, func(a, b engine.Bucket) int {
		if a.AtMost < b.AtMost {
			return -1
		}
		return 1
	})
	if len(out) == 0 {
		return nil, ""
	}
	if !math.IsInf(out[len(out)-1].AtMost, 1) {
		return nil, "its histogram has no bucket +Inf: give all of the _bucket series"
	}
	below := 0.0
	for i := range out {
		// Buckets are written one after the other, and may be read in between.
		above := max(out[i].Count, below)
		out[i].Count, below = above-below, above
	}
	return out, ""
}

// gauge turns values by host into samples.
func (a asked) gauge(hosts []string, values map[string][]float64) ([]engine.Sample, engine.Gaps) {
	var samples []engine.Sample
	var gaps engine.Gaps
	for _, h := range hosts {
		v, ok := values[a.called(h)]
		switch {
		case !ok:
			gaps = append(gaps, a.unknown(h, keys(values)))
		case len(v) > 1:
			gaps = append(gaps, a.gap(h, reasonSeries))
		case math.IsNaN(v[0]) || math.IsInf(v[0], 0):
			gaps = append(gaps, a.gap(h, "its value is no number"))
		default:
			samples = append(samples, engine.Sample{Host: h, Metric: a.name, Kind: rollout.Gauge, Value: v[0]})
		}
	}
	return samples, gaps
}

// fresh turns readings that are of the time since the last look, or of now, and not
// totals, into samples. A host without one is missing. span is the exposure where
// none is given.
func (a asked) fresh(hosts []string, all []reading, span time.Duration) ([]engine.Sample, engine.Gaps) {
	by, values := map[string]*engine.Sample{}, map[string][]float64{}
	for _, r := range all {
		if by[r.host] == nil {
			by[r.host] = &engine.Sample{Metric: a.name, Kind: rollout.Counts, Exposure: span.Seconds()}
		}
		switch r.role {
		case roleEvents:
			by[r.host].Events = r.value
		case roleExposure:
			by[r.host].Exposure = r.value
		default:
			values[r.host] = append(values[r.host], r.value)
		}
	}
	if a.kind == rollout.Gauge {
		return a.gauge(hosts, values)
	}
	var samples []engine.Sample
	var gaps engine.Gaps
	for _, h := range hosts {
		s := by[a.called(h)]
		if s == nil {
			gaps = append(gaps, a.unknown(h, keys(by)))
			continue
		}
		s.Host = h
		samples = append(samples, *s)
	}
	return samples, gaps
}
