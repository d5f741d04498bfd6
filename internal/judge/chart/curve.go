package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// curve is the metric that is drawn, at every time it was looked at. All of it means the same: of a
// histogram it is at one edge, and its baseline is of one time.
type curve struct {
	name   string
	points []point
	of     int  // how many metrics there are
	chosen bool // here, and not by who called
}

// point is one metric of one finding.
type point struct {
	at time.Duration
	judge.MetricFinding
}

func newCurve(b Bake) curve {
	c := curve{name: b.Metric}
	if n := len(b.Findings); n > 0 {
		metrics := b.Findings[n-1].Metrics
		c.of = len(metrics)
		if c.name == "" {
			c.name, c.chosen = telling(metrics), true
		}
	}
	for _, f := range b.Findings {
		for _, m := range f.Metrics {
			if m.Name == c.name && f.At >= 0 {
				c.points = append(c.points, point{f.At, m})
			}
		}
	}
	slices.SortStableFunc(c.points, func(x, y point) int { return cmp.Compare(x.at, y.at) })
	if len(c.points) == 0 {
		return c
	}
	last := c.points[len(c.points)-1]
	for i := range c.points {
		c.points[i] = c.points[i].like(last.MetricFinding)
	}
	return c
}

// telling is the metric with most evidence against it, of those that count if any does.
func telling(metrics []judge.MetricFinding) string {
	if len(metrics) == 0 {
		return ""
	}
	return slices.MaxFunc(metrics, func(x, y judge.MetricFinding) int {
		if x.DryRun != y.DryRun {
			return map[bool]int{true: -1, false: 1}[x.DryRun]
		}
		return cmp.Compare(x.Against, y.Against)
	}).Name
}

// like is the point with its rates at the edge of the last one, which made the verdict, and without
// those that are of something else: the edge that tells most changes from look to look, and a line
// through all of them would go up and down by itself.
func (q point) like(last judge.MetricFinding) point {
	canary, baseline, known := q.RatesAt(last.Edge)
	if !known {
		canary, baseline = judge.Rate{}, judge.Rate{}
	}
	if q.Before != last.Before {
		baseline = judge.Rate{}
	}
	q.Edge, q.Before = last.Edge, last.Before
	q.Canary, q.Baseline = drawn(canary), drawn(baseline)
	q.Against = finite(q.Against, 0)
	return q
}

// drawn is a rate that has a place, or none.
func drawn(r judge.Rate) judge.Rate {
	if math.IsNaN(r.Value) || !(r.Exposure > 0) {
		return judge.Rate{}
	}
	r.Value = finite(r.Value, 0)
	r.Low, r.High = finite(r.Low, r.Value), finite(r.High, r.Value)
	return r
}

// finite is a number that can be reckoned with, whatever it was.
func finite(v, otherwise float64) float64 {
	const most = 1e300 // a difference of two is one, too
	if math.IsNaN(v) {
		return otherwise
	}
	return min(most, max(-most, v))
}

// choice says that there are other metrics, when there are.
func (c curve) choice() string {
	switch {
	case c.of < 2:
		return ""
	case c.chosen:
		return fmt.Sprintf("1 of %d metrics: the one with most evidence against it", c.of)
	}
	return fmt.Sprintf("1 of %d metrics", c.of)
}

// versus is what the canary is compared with, in the word that the reason has for it.
func (c curve) versus() string {
	if c.points[len(c.points)-1].Before {
		return "before"
	}
	return "baseline"
}

// what is what the lines are of.
func (c curve) what() string {
	last := c.points[len(c.points)-1]
	by := last.Tolerated.WorseBy
	switch {
	case last.Kind == judge.Gauge:
		return "mean of the hosts"
	case last.Kind != judge.Histogram:
		return "rate so far"
	case last.Edge == 0 && last.Tolerated.AtMost > 0:
		return "share slower than " + number(last.Tolerated.AtMost)
	case last.Edge == 0:
		return "share of slow requests"
	case by == 0 || by == 1:
		return "share slower than " + number(last.Edge)
	}
	return fmt.Sprintf("share slower than %s (canary) and %s (%s)", number(last.Edge*by), number(last.Edge), c.versus())
}

// spread is what the bands around the lines are.
func (c curve) spread() string {
	if c.points[0].Kind == judge.Gauge {
		return ", least to greatest"
	}
	return ", with 95 % intervals"
}

// heading names the lines in one line. The name of the metric is told in full before what the bands are.
func (c curve) heading(room float64) string {
	what := ": " + c.what()
	if long := what + c.spread(); wide(c.name+long, boldSize) <= room {
		return c.name + long
	}
	return fit(c.name, boldSize, room-wide(what, boldSize)) + what
}
