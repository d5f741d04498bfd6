package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// traffic makes ticks of a service behind a balancer: deterministic by seed.
type traffic struct {
	seed          uint64
	rps           float64 // of all hosts together, spread evenly
	hosts, canary int     // 10 and 1 when 0
	base          float64 // error rate
	ratio         float64 // of the canary's rate to what it would be, from onset on; 1 when 0
	onset         time.Duration
	drift         func(at time.Duration) float64 // multiplies every host's rate
	differ        float64                        // standard deviation of the logarithm of hosts' rates
	burst         float64                        // variance to mean of a host's errors in an interval
	wander        float64                        // standard deviation of a host's own slow changes, in logarithms
	memory        time.Duration                  // of the slow changes
	episodes      float64                        // a host's rate is 20 times as high for 20 s, so many times an hour
	startup       float64                        // the canary's rate is so many times as high for its first 15 s
	badBaseline   float64                        // one baseline host's rate is so many times as high
	before        time.Duration                  // of the time before the deploy that is known
	interval      time.Duration
}

// ticks calls f with each tick until it returns false or the time is over.
func (s traffic) ticks(length time.Duration, f func(Tick) bool) {
	r := rand.New(rand.NewPCG(s.seed, 1))
	if s.interval == 0 {
		s.interval = 5 * time.Second
	}
	if s.hosts == 0 {
		s.hosts, s.canary = 10, 1
	}
	names, rates, slow, until := make([]string, s.hosts), make([]float64, s.hosts), make([]float64, s.hosts), make([]time.Duration, s.hosts)
	for i := range rates {
		names[i] = fmt.Sprintf("h%03d", i)
		rates[i], slow[i], until[i] = s.base*math.Exp(s.differ*r.NormFloat64()), s.wander*r.NormFloat64(), -24*time.Hour
	}
	if s.badBaseline > 0 {
		rates[s.hosts-1] *= s.badBaseline
	}
	keep := 0.0
	if s.memory > 0 {
		keep = math.Exp(-s.interval.Seconds() / s.memory.Seconds())
	}
	for at := s.interval - s.before; at <= length; at += s.interval {
		t := Tick{At: at}
		for i := range rates {
			rate := rates[i] * math.Exp(slow[i])
			slow[i] = keep*slow[i] + math.Sqrt(1-keep*keep)*s.wander*r.NormFloat64()
			if s.drift != nil {
				rate *= s.drift(at)
			}
			if s.episodes > 0 && r.Float64() < s.episodes*s.interval.Hours() {
				until[i] = at + 20*time.Second
			}
			if at < until[i] {
				rate *= 20
			}
			arm := Baseline
			if i < s.canary {
				arm = Canary
				if s.ratio > 0 && at > s.onset && at > 0 {
					rate *= s.ratio
				}
				if s.startup > 0 && at > 0 && at <= 15*time.Second {
					rate *= s.startup
				}
			}
			n := poisson(r, s.rps/float64(s.hosts)*s.interval.Seconds())
			t.Samples = append(t.Samples, Sample{Arm: arm, Host: names[i], Metric: "errors", Events: s.errors(r, n, rate), Exposure: n})
		}
		if at <= 0 {
			t.At = min(at, -1)
		}
		if !f(t) {
			return
		}
	}
}

func (s traffic) errors(r *rand.Rand, n, rate float64) float64 {
	mean := n * min(1, rate)
	if s.burst > 1 {
		// A gamma mixture of Poisson counts has this variance to mean.
		scale := s.burst - 1
		mean = scale * gamma(r, mean/scale)
	}
	return min(n, poisson(r, mean))
}

// poisson draws by counting arrivals; of many, by the normal approximation.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 60 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, limit, p := 0.0, math.Exp(-mean), r.Float64()
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
func judged(c Config, s traffic, least, most time.Duration) (Finding, bool) {
	state, err := New(c)
	if err != nil {
		panic(err) // the configurations of these tests are right
	}
	ended := false
	s.ticks(most, func(t Tick) bool {
		state.Look(t)
		v := state.Verdict()
		ended = v == Fail || (v == Pass && t.At >= least) || t.At >= most
		return !ended
	})
	return state.Finding(), ended
}
