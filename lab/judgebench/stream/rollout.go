package stream

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Tick is what the hosts did in five seconds.
type Tick struct {
	// Tick has a sample of errors, of latency and of memory for every host. Its samples
	// and buckets are written over by the next tick: whoever keeps them copies them.
	judge.Tick
	// Hurt is how many requests the fault has hurt, as expected of the requests there
	// were: errors that a healthy release would not have made, or requests that were slower,
	// or that a leaking process served.
	Hurt float64
}

// Rollout is one rollout on a stream: the hour before it, and its bake.
type Rollout struct {
	stream Stream
	cell   Cell
	fault  Fault
	bake   time.Duration
	at     time.Duration // end of the last tick
	draw   draw
	hosts  []host
	load   walk // of all traffic
	phase  float64
	burst  bool
	tick   Tick
}

// Rollout begins one. The same stream, cell and seed meet the same hosts, whatever the fault.
func (s Stream) Rollout(c Cell, f Fault, seed uint64, bake time.Duration) *Rollout {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %g %g", s.Name, c.Rate, c.Share)
	d := draw{rand.New(rand.NewPCG(seed, h.Sum64()))}
	r := &Rollout{stream: s, cell: c, fault: f, bake: bake, at: -Before - Interval, draw: d}
	r.phase = 2 * math.Pi * d.Float64()
	r.load = d.newWalk(0.1, 12)
	r.tick.Samples = make([]judge.Sample, 3*Hosts)
	logs := logEdges()
	for i := range Hosts {
		r.hosts = append(r.hosts, r.newHost(i, logs))
		r.name(i)
	}
	return r
}

// name fills in what stays the same in a host's samples.
func (r *Rollout) name(i int) {
	buckets := make([]judge.Bucket, edgeCount)
	for j, edge := range edges() {
		buckets[j].AtMost = edge
	}
	for j, s := range []judge.Sample{
		{Metric: Errors, Kind: judge.Counts},
		{Metric: Latency, Kind: judge.Histogram, Buckets: buckets},
		{Metric: Memory, Kind: judge.Gauge},
	} {
		s.Host = fmt.Sprintf("web%02d", i+1)
		r.tick.Samples[3*i+j] = s
	}
}

// Next is the next tick; false after the last. The tick is written over by the next call.
func (r *Rollout) Next() (*Tick, bool) {
	r.at += Interval
	if r.at == 0 {
		r.at += Interval // a tick ends with the deploy, and the next begins with it
	}
	if r.at > r.bake {
		return nil, false
	}
	r.tick.At, r.tick.Hurt = r.at, 0
	now := r.weather()
	for i := range r.hosts {
		r.tick.Hurt += r.serve(i, now)
	}
	return &r.tick, true
}

// weather is what all hosts share in a tick.
type weather struct {
	requests float64 // expected of each host
	errors   float64 // times the base rate
	slow     float64 // times the latency
}

func (r *Rollout) weather() weather {
	const day = 2 * time.Hour
	s := r.stream
	w := weather{requests: r.cell.Rate / Hosts * Interval.Seconds(), errors: 1, slow: 1}
	w.requests *= math.Exp(r.load.step(r.draw))
	if s.Swing > 0 {
		sun := math.Sin(r.phase + 2*math.Pi*r.at.Seconds()/day.Seconds())
		w.requests *= 1 + s.Swing*sun
		w.errors *= 1 + s.Swing*sun
		w.slow *= 1 + s.Swing/5*sun
	}
	if s.Drift > 0 && r.at > 0 {
		w.errors *= 1 + (s.Drift-1)*r.at.Seconds()/r.bake.Seconds()
	}
	if s.FleetBurst > 0 {
		w.errors *= r.outage()
	}
	return w
}

// outage is how many times the errors all hosts make: more while something behind them is down.
func (r *Rollout) outage() float64 {
	const lasts, every = 20 * time.Second, 5 * time.Minute
	change := Interval.Seconds() / every.Seconds()
	if r.burst {
		change = Interval.Seconds() / lasts.Seconds()
	}
	if r.draw.Float64() < change {
		r.burst = !r.burst
	}
	if r.burst {
		return r.stream.FleetBurst
	}
	return 1
}

// amount is how much of the fault shows on a host: 0 to 1.
func (r *Rollout) amount(i int) float64 {
	s := r.stream
	since := r.at - s.Onset
	switch {
	case i >= r.cell.canaries() || since <= 0 || r.at <= 0 || (s.OneHost && i > 0):
		return 0
	case since >= s.Ramp:
		return 1
	}
	return since.Seconds() / s.Ramp.Seconds()
}
