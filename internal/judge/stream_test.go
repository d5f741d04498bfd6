package judge

import (
	"math"
	"math/rand/v2"
	"time"
)

// stream makes ticks of two arms, as hosts behind a balancer would: deterministic by seed.
type stream struct {
	seed     uint64
	rps      float64 // of both arms together
	share    float64 // of the canary
	base     float64 // error rate of the baseline
	ratio    float64 // of the canary's to the baseline's, from onset on
	onset    time.Duration
	drift    func(at time.Duration) float64 // multiplies both arms' rates
	burst    float64                        // variance to mean of the errors; 1 or less: independent
	interval time.Duration
}

// ticks calls f with each tick until it returns false or the time is over.
func (s stream) ticks(length time.Duration, f func(Tick) bool) {
	r := rand.New(rand.NewPCG(s.seed, 1))
	if s.interval == 0 {
		s.interval = 5 * time.Second
	}
	for at := s.interval; at <= length; at += s.interval {
		rate := s.base
		if s.drift != nil {
			rate *= s.drift(at)
		}
		worse := rate
		if s.ratio > 0 && at > s.onset {
			worse *= s.ratio
		}
		all := s.rps * s.interval.Seconds()
		a, b := poisson(r, all*s.share), poisson(r, all*(1-s.share))
		t := Tick{At: at, Samples: []Sample{
			{Canary, "c1", "errors", s.errors(r, a, worse), a},
			{Baseline, "b1", "errors", s.errors(r, b, rate), b},
		}}
		if !f(t) {
			return
		}
	}
}

func (s stream) errors(r *rand.Rand, n, rate float64) float64 {
	mean := n * min(1, rate)
	if s.burst > 1 {
		// A gamma mixture of Poisson counts has this variance to mean.
		scale := s.burst - 1
		mean = scale * gamma(r, mean/scale)
	}
	return min(n, poisson(r, mean))
}

// poisson draws by counting arrivals, in pieces that do not underflow.
func poisson(r *rand.Rand, mean float64) float64 {
	n := 0.0
	for mean > 30 {
		n += poisson(r, 30)
		mean -= 30
	}
	limit, p := math.Exp(-mean), r.Float64()
	for p > limit {
		n++
		p *= r.Float64()
	}
	return n
}

// gamma draws by Marsaglia and Tsang.
func gamma(r *rand.Rand, shape float64) float64 {
	if shape <= 0 {
		return 0
	}
	if shape < 1 {
		return gamma(r, shape+1) * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(r.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// judged runs a stream and returns the first finding that ends the bake, and whether one did.
func judged(c Config, s stream, least, most time.Duration) (Finding, bool) {
	state, err := New(c)
	if err != nil {
		panic(err) // the configurations of these tests are right
	}
	var last Finding
	ended := false
	s.ticks(most, func(t Tick) bool {
		state = state.after(t)
		if state.Alarm == nil && state.At < least {
			return true // the finding would be worded, and thrown away
		}
		last = state.finding(false)
		ended = last.Ends(least, most)
		return !ended
	})
	return last, ended
}
