package stream

import (
	"math"

	"github.com/slipway-deploy/slipway/internal/judge"
)

const medianLatency = 0.080

// LatencySD is the standard deviation of the logarithm of a request's latency. It is lognormal: half of the requests take less than
// 80 ms, 99 % less than 0.32 s.
const LatencySD = 0.6

const (
	edgeCount  = 12
	middleEdge = 3 // below the median
)

// edges are Prometheus' default buckets, in seconds.
func edges() [edgeCount]float64 {
	return [edgeCount]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.Inf(1)}
}

// slowness is the distribution over the buckets of a host whose requests take factor
// times as long as usual; kept, because it seldom changes.
type slowness struct {
	factor float64
	upTo   [edgeCount]float64 // share of requests that take at most each edge
	logs   *[edgeCount]float64
}

// logEdges are the edges' logarithms, in units of the spread.
func logEdges() *[edgeCount]float64 {
	var logs [edgeCount]float64
	for i, edge := range edges() {
		logs[i] = math.Log(edge/medianLatency) / LatencySD
	}
	return &logs
}

func (l *slowness) set(factor float64) {
	if l.factor == factor {
		return
	}
	l.factor = factor
	middle := math.Log(factor) / LatencySD
	for i, edge := range l.logs {
		l.upTo[i] = normalBelow(edge - middle)
	}
}

func normalBelow(z float64) float64 {
	const certain = 6
	switch {
	case z > certain:
		return 1
	case z < -certain:
		return 0
	}
	return 0.5 * math.Erfc(-z/math.Sqrt2)
}

// observe draws how many of about mean requests fall into each bucket, and their sum.
func (l *slowness) observe(d draw, mean float64, into []judge.Bucket) float64 {
	const few = 25 // below it is quicker to draw each request
	for i := range into {
		into[i].Count = 0
	}
	if mean < few {
		n := d.poisson(mean)
		for range int(n) {
			u, i := d.Float64(), 0
			if u > l.upTo[middleEdge] {
				i = middleEdge + 1
			}
			for i < edgeCount-1 && u > l.upTo[i] {
				i++
			}
			into[i].Count++
		}
		return n
	}
	n, below := 0.0, 0.0
	for i := range into {
		into[i].Count = d.poisson(mean * (l.upTo[i] - below))
		below = l.upTo[i]
		n += into[i].Count
	}
	return n
}
