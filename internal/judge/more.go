package judge

import (
	"math"
	"slices"
	"time"
)

// more is about how many more canary requests bring a verdict if the rates stay what they
// were, and how much longer that takes; 0 when they would bring none. It asks what
// the evidence would be had everything so far been seen so many times over.
func (s State) more(m Metric, k MetricState) (float64, time.Duration) {
	if m.Kind == Gauge || k.Canary.Exposure == 0 || s.At <= 0 {
		return 0, 0
	}
	decided := func(factor float64) bool {
		against, favour := k.foreseen(m, s.Config, factor)
		return against >= s.alarmAt() || (favour >= s.passAt() && against < s.passAt())
	}
	low, high := 1.0, 2.0
	for ; !decided(high); low, high = high, 3*high {
		if high > 1000 {
			return 0, 0
		}
	}
	for range 4 {
		if middle := math.Sqrt(low * high); decided(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return twoDigits((high - 1) * k.Canary.Exposure), time.Duration((high - 1) * float64(s.At)).Round(time.Second)
}

// foreseen is the evidence if everything had been seen that many times over.
func (k MetricState) foreseen(m Metric, c Config, factor float64) (against, favour float64) {
	if m.Kind == Histogram {
		edges := k.Shape.Edges
		k.Shape.Edges = slices.Clone(edges)
		for i := range k.Shape.Edges {
			e := &k.Shape.Edges[i]
			if e.Stream.comparable() {
				e.Stream.Comparison, e.Stream.Mild = e.Stream.Comparison.foreseen(1, factor), e.Stream.Mild.foreseen(1, factor)
				worse, better := e.Stream.beliefs(c.Spread)
				e.Against, e.For = e.Stream.against(worse, 1), e.Stream.Mild.favour(better, 1)
			}
		}
		k.Guard = k.Guard.foreseen(1, factor)
		return k.weighHistogram(m)
	}
	k.Ratio.Comparison, k.Ratio.Mild = k.Ratio.Comparison.foreseen(m.WorseBy, factor), k.Ratio.Mild.foreseen(m.WorseBy, factor)
	k.Small, k.Guard = k.Small.foreseen(1, factor), k.Guard.foreseen(1, factor)
	return k.weighCount(m, c)
}

// foreseen is everything so far that many times over, with a single onset at the start.
func (c Comparison) foreseen(tolerated, factor float64) Comparison {
	c = c.end(tolerated)
	c.Done, c.Onsets = c.Done.times(factor), make([]grid, 1)
	return c
}

// twoDigits rounds up to two significant digits: more would promise too much.
func twoDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Ceil(v/unit-1e-9) * unit
}
