package rival

import (
	"math"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// buckets is how many a histogram of the streams has.
const buckets = 12

// Side is the sum of what the hosts of one arm did.
type Side struct {
	Requests, Errors float64
	AtMost, Slow     [buckets]float64 // edges, and requests up to each from the one before
	Memory           float64          // sum over the hosts
	Hosts            float64          // times they were asked for it
}

// Look sums a tick up, which all judges share.
func Look(t judge.Tick, last bool) Seen {
	seen := Seen{Tick: t, Last: last}
	for i := range t.Samples {
		switch s := &t.Samples[i]; s.Arm {
		case judge.Canary:
			seen.Canary.take(s)
		case judge.Baseline:
			seen.Baseline.take(s)
		}
	}
	return seen
}

func (s *Side) take(sample *judge.Sample) {
	switch sample.Metric {
	case stream.Errors:
		s.Requests += sample.Exposure
		s.Errors += sample.Events
	case stream.Latency:
		for i, b := range sample.Buckets[:min(buckets, len(sample.Buckets))] {
			s.AtMost[i] = b.AtMost
			s.Slow[i] += b.Count
		}
	case stream.Memory:
		s.Memory += sample.Value
		s.Hosts++
	}
}

func (s *Side) add(t Side) {
	s.Requests += t.Requests
	s.Errors += t.Errors
	s.AtMost = t.AtMost
	for i, n := range t.Slow {
		s.Slow[i] += n
	}
	s.Memory += t.Memory
	s.Hosts += t.Hosts
}

// quantile is Prometheus' histogram_quantile: linear within a bucket, and the last finite
// edge when it lies beyond; NaN of nothing.
func (s *Side) quantile(q float64) float64 {
	total := 0.0
	for _, n := range s.Slow {
		total += n
	}
	if total == 0 {
		return math.NaN()
	}
	rank, below, from := q*total, 0.0, 0.0
	for i, n := range s.Slow {
		if below+n >= rank && n > 0 {
			if math.IsInf(s.AtMost[i], 1) {
				return from
			}
			return from + (s.AtMost[i]-from)*(rank-below)/n
		}
		below += n
		from = s.AtMost[i]
	}
	return from
}

// over is how many requests took longer than an edge.
func (s *Side) over(edge float64) float64 {
	n := 0.0
	for i := range s.Slow {
		if s.AtMost[i] > edge {
			n += s.Slow[i]
		}
	}
	return n
}

// success is the share of requests that did not fail; NaN of none.
func (s *Side) success() float64 {
	if s.Requests == 0 {
		return math.NaN()
	}
	return 1 - s.Errors/s.Requests
}
