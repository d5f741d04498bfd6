package judge

import (
	"math"
	"slices"
	"time"
)

// Shape is what is known of a histogram metric: the same counts as errors, of how
// many observations lay above each of a few edges. All quantiles are judged so, not one.
type Shape struct {
	Bounds []float64 `json:"bounds,omitempty"` // the edges of the source
	Edges  []Edge    `json:"edges,omitempty"`
}

// Edge is one edge of a histogram.
type Edge struct {
	At       float64 `json:"at"`
	Canary   Count   `json:"canary"`   // observations above At·WorseBy, of all
	Baseline Count   `json:"baseline"` // observations above At, of all
	Stream   Stream  `json:"stream"`
	Against  float64 `json:"against"`
	For      float64 `json:"for"`
}

func (k MetricState) takeHistogram(s State, m Metric, samples []Sample, began time.Duration) MetricState {
	samples = slices.DeleteFunc(samples, func(s Sample) bool { return observations(s.Buckets) == 0 })
	if len(samples) == 0 {
		return k
	}
	if k.Shape.Bounds == nil {
		k.Shape = newShape(samples)
	}
	for _, sample := range samples {
		if !slices.Equal(bounds(sample.Buckets), k.Shape.Bounds) {
			k.Oddity = "the buckets of " + sample.Host + " are not those of the other hosts: give all the same edges"
			return k
		}
	}
	k.Oddity = ""
	var all look
	for _, sample := range samples {
		n := observations(sample.Buckets)
		slow := 0.0
		if m.AtMost > 0 {
			slow = above(sample.Buckets, m.AtMost)
		}
		all = all.with(sample.Arm, sample.Host, Count{slow, n})
	}
	k = k.total(all, s.At)
	if m.AtMost > 0 && len(all.canary) > 0 {
		k.Guard = k.Ratio.alone(k.Guard.begin(began, s.Config.Fresh), all, s.Config, s.At, tail, k.Ratio.mildBlock)
	}
	if m.AtMost > 0 {
		k.Ratio = k.Ratio.learn(all.calm())
	}
	if m.WorseBy > 0 {
		k.Shape = k.Shape.take(s, m, samples, began)
	}
	k.Against, k.For = k.weighHistogram(m)
	return k
}

// tail is how many observations may lie above at_most.
const tail = 0.05

// newShape chooses the edges that are judged: those that cut off shares nearest to these.
func newShape(samples []Sample) Shape {
	edges := bounds(samples[0].Buckets)
	sum, all := make([]float64, len(edges)), 0.0
	for _, s := range samples {
		if slices.Equal(bounds(s.Buckets), edges) {
			all += observations(s.Buckets)
			for i, e := range edges {
				sum[i] += aboveEdge(s.Buckets, e)
			}
		}
	}
	shape := Shape{Bounds: edges}
	for _, share := range []float64{0.8, 0.5, 0.25, 0.1, 0.03, 0.01} {
		best, distance := -1, math.Inf(1)
		for i := range edges {
			// Half an observation keeps an edge that nothing has passed so far in the choice.
			if d := math.Abs(math.Log((sum[i] + 0.5) / (share * all))); d < distance {
				best, distance = i, d
			}
		}
		if best >= 0 && !slices.ContainsFunc(shape.Edges, func(e Edge) bool { return e.At == edges[best] }) {
			shape.Edges = append(shape.Edges, Edge{At: edges[best]})
		}
	}
	return shape
}

// take adds samples to every edge. The canary's are taken as if they had been faster by
// what is tolerated: what is left is worse.
func (h Shape) take(s State, m Metric, samples []Sample, began time.Duration) Shape {
	h.Edges = slices.Clone(h.Edges)
	for i := range h.Edges {
		e := &h.Edges[i]
		var l look
		for _, sample := range samples {
			x := aboveEdge(sample.Buckets, e.At)
			if sample.Arm == Canary {
				x = above(sample.Buckets, e.At*m.WorseBy)
			}
			l = l.with(sample.Arm, sample.Host, Count{x, observations(sample.Buckets)})
		}
		e.Canary, e.Baseline = e.Canary.plus(total(l.canary)), e.Baseline.plus(total(l.baseline))
		e.Stream = e.Stream.take(l, s.Config, began, s.At, 1)
		if len(l.canary) > 0 && e.Stream.comparable() {
			against, favour := e.Stream.beliefs(s.Config.Spread)
			e.Against, e.For = e.Stream.against(against, 1), e.Stream.Mild.favour(favour, 1)
		}
	}
	return h
}

// weighHistogram is the mean of the evidence of all edges; for a pass the weakest counts.
func (k MetricState) weighHistogram(m Metric) (against, favour float64) {
	var logs, pass, fail []float64
	for _, e := range k.Shape.Edges {
		fail = append(fail, e.Against)
		if e.Canary.rate() >= 0.002 { // an edge that next to nothing passes need not be proven
			pass = append(pass, e.For)
		}
	}
	favour = bounded(1e9)
	if m.WorseBy > 0 {
		logs = append(logs, logMean(fail))
		favour = min(0, favour)
		if len(pass) > 0 {
			favour = slices.Min(pass)
		}
	}
	if m.AtMost > 0 {
		logs = append(logs, k.Guard.against(alike(), 1))
		favour = min(favour, k.Guard.favour(alike(), 1))
	}
	return logMean(logs), favour
}

// telling is the edge with the most evidence against the canary.
func (h Shape) telling() (Edge, bool) {
	best, found := Edge{}, false
	for _, e := range h.Edges {
		if !found || e.Against > best.Against {
			best, found = e, true
		}
	}
	return best, found
}
