package stream

import (
	"math"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// host is what one host is like, and where it has wandered to.
type host struct {
	errors, slow float64 // times the usual
	size         float64 // MB, once warm
	wander       walk    // of errors, as a logarithm
	slowWander   walk
	sizeWander   walk
	slowness     slowness
}

// Memory: about 500 MB. Hosts are never quite alike, and it breathes over five minutes.
const (
	usualSize   = 500.0
	leastDiffer = 0.02
	sizeWander  = 0.03
)

func (r *Rollout) newHost(i int, logs *[edgeCount]float64) host {
	s, d := r.stream, r.draw
	h := host{
		errors: math.Exp(s.Differ * d.NormFloat64()),
		slow:   math.Exp(s.SlowDiffer * d.NormFloat64()),
		size:   usualSize * math.Exp(max(s.SizeDiffer, leastDiffer)*d.NormFloat64()),
		wander: d.newWalk(s.Wander, 24), slowWander: d.newWalk(s.SlowWander, 24), sizeWander: d.newWalk(sizeWander, 60),
		slowness: slowness{logs: logs},
	}
	if s.WorstHost > 0 && i == 0 {
		h.errors *= s.WorstHost
	}
	return h
}

// serve fills in what a host did in a tick, and returns how many requests the fault hurt.
func (r *Rollout) serve(i int, w weather) float64 {
	h, s := &r.hosts[i], r.stream
	samples := r.tick.Samples[3*i : 3*i+3]
	arm := r.arm(i)
	for j := range samples {
		samples[j].Arm = arm
	}
	rate := s.Base * w.errors * h.errors * h.wander.factor(r.draw)
	slow := w.slow * h.slow * h.slowWander.factor(r.draw)
	if s.Startup && arm == judge.Canary {
		young := (r.at - Interval/2).Seconds()
		rate += 0.02 * math.Exp(-young/5)
		slow *= 1 + 2*math.Exp(-young/5)
	}
	amount := r.amount(i)
	excess := rate * (r.fault.Errors - 1) * amount
	h.slowness.set(slow * (1 + (r.fault.Latency-1)*amount))
	n := h.slowness.observe(r.draw, w.requests, samples[1].Buckets)
	samples[0].Events = min(n, r.draw.bursty(n*min(1, rate+excess), s.HostBurst))
	samples[0].Exposure = n
	samples[2].Value = h.memory(r, arm)
	switch {
	case r.fault.Errors > 1:
		return n * excess
	case r.fault.Latency > 1 || r.fault.Leak > 0:
		return n * amount
	}
	return 0
}

// memory of a host: new processes grow to what the old ones had, over some minutes, and
// with a leak beyond it.
func (h *host) memory(r *Rollout, arm judge.Arm) float64 {
	const cold, warming = 0.4, 180.0 // share that is missing at first; seconds
	size := h.size * (1 + h.sizeWander.step(r.draw))
	if arm == judge.Canary {
		size *= 1 - cold*math.Exp(-r.at.Seconds()/warming)
		size *= 1 + r.fault.Leak*r.at.Minutes()
	}
	return size
}

func (r *Rollout) arm(i int) judge.Arm {
	canary := i < r.cell.canaries()
	switch {
	case canary && r.at < 0:
		return judge.CanaryBefore
	case canary:
		return judge.Canary
	case r.at < 0:
		return judge.BaselineBefore
	}
	return judge.Baseline
}
