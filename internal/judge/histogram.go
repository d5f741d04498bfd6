package judge

import (
	"math"
	"slices"
	"time"
)

// shape is what is known of a histogram metric: the same counts as errors, of how
// many observations lay above each of a few edges. All quantiles are judged so, not one.
type shape struct {
	bounds []float64 // the edges of the source
	edges  []*edge
	every  int // edges are weighed every so many looks
}

// edgesEvery is how many looks the edges are weighed after: there are many of them, and many more
// requests than errors.
const edgesEvery = 3

// edge is one edge of a histogram.
type edge struct {
	at       float64
	canary   Count // observations above at·WorseBy, of all
	baseline Count // observations above at, of all
	stream   stream
}

func (k *metric) takeHistogram(s *State, samples []Sample, began, span time.Duration) {
	samples = slices.DeleteFunc(samples, func(s Sample) bool { return observations(s.Buckets) == 0 })
	if len(samples) == 0 {
		return
	}
	if k.shape.bounds == nil {
		k.shape.choose(samples)
	}
	for i := range samples {
		if !sameBounds(samples[i].Buckets, k.shape.bounds) {
			k.oddity = "the buckets of " + samples[i].Host + " are not those that the hosts had so far: give all the same edges, always"
			return
		}
	}
	k.oddity = ""
	k.look.reset(len(k.roster.names))
	for i := range samples {
		sample, slow := &samples[i], 0.0
		if k.AtMost > 0 {
			slow = above(sample.Buckets, k.AtMost)
		}
		k.look.note(k.roster.of(sample.Host, i), sample.Arm, Count{slow, observations(sample.Buckets)})
	}
	k.total(s.at)
	now := s.moment(k.Metric, began, span, 1)
	k.weighGuard(now, tail)
	if k.AtMost > 0 {
		k.ratio.learn(&k.look, span)
	}
	if k.WorseBy > 0 {
		k.takeEdges(now, samples)
	}
	k.against = k.evidence(k.shape.against())
}

// tail is how many observations may lie above at_most.
const tail = 0.05

// choose chooses the edges that are judged: those that cut off shares nearest to these.
func (h *shape) choose(samples []Sample) {
	h.bounds = bounds(samples[0].Buckets)
	sum, all := make([]float64, len(h.bounds)), 0.0
	for _, s := range samples {
		if sameBounds(s.Buckets, h.bounds) {
			all += observations(s.Buckets)
			for i, e := range h.bounds {
				sum[i] += aboveEdge(s.Buckets, e)
			}
		}
	}
	for _, share := range []float64{0.5, 0.25, 0.1, 0.03, 0.01} {
		best, distance := -1, math.Inf(1)
		for i := range h.bounds {
			// Half an observation keeps an edge that nothing has passed so far in the choice.
			if d := math.Abs(math.Log((sum[i] + 0.5) / (share * all))); d < distance {
				best, distance = i, d
			}
		}
		if best >= 0 && !slices.ContainsFunc(h.edges, func(e *edge) bool { return e.at == h.bounds[best] }) {
			h.edges = append(h.edges, &edge{at: h.bounds[best], stream: stream{every: h.every}})
		}
	}
}

// takeEdges adds samples to every edge. The canary's are taken as if they had been faster by
// what is tolerated: what is left is worse.
func (k *metric) takeEdges(now moment, samples []Sample) {
	for _, e := range k.shape.edges {
		clear(k.look.counts)
		for i := range samples {
			sample := &samples[i]
			number := k.roster.of(sample.Host, i)
			x := 0.0
			if sample.Arm == Canary {
				x = above(sample.Buckets, e.at*k.WorseBy)
			} else {
				x = aboveEdge(sample.Buckets, e.at)
			}
			k.look.note(number, sample.Arm, Count{x, observations(sample.Buckets)})
		}
		e.canary, e.baseline = e.canary.plus(k.look.total(Canary)), e.baseline.plus(k.look.total(Baseline))
		e.stream.take(&k.look, now)
	}
}

// against is the mean of the evidence of all edges.
func (h *shape) against() float64 {
	logs := make([]float64, len(h.edges))
	for i, e := range h.edges {
		logs[i] = e.stream.against
	}
	return logMean(logs)
}

// favourHistogram is the weakest evidence of all edges that not more than so many times as many requests are slow.
func (k *metric) favourHistogram(c Config, factor float64) float64 {
	favour := bounded(1e9)
	if k.WorseBy > 0 {
		proven := false
		for _, e := range k.shape.edges {
			// An edge that next to nothing passes need not be proven.
			if e.canary.rate() >= 0.002 && e.stream.comparable() {
				proven = true
				favour = min(favour, e.stream.all.favour(&e.stream, c.Spread, 1, k.passBound(), factor))
			}
		}
		if !proven {
			favour = 0
		}
	}
	return min(favour, k.favourGuard(factor))
}

// telling is the edge with the most evidence against the canary; nil when there is none.
func (h *shape) telling() *edge {
	var best *edge
	for _, e := range h.edges {
		if best == nil || e.stream.against > best.stream.against {
			best = e
		}
	}
	return best
}
