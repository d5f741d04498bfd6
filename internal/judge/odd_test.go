package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// odd are gauges that are not as one would like: own is a number of the host's, z one that wanders over a minute.
func odd() map[string]func(r *rand.Rand, own, z float64, at time.Duration) float64 {
	return map[string]func(r *rand.Rand, own, z float64, at time.Duration) float64{
		"wild":              func(r *rand.Rand, _, _ float64, _ time.Duration) float64 { return 10 * r.ExpFloat64() },
		"wanders wide":      func(_ *rand.Rand, _, z float64, _ time.Duration) float64 { return math.Exp(z) },
		"hosts that differ": func(_ *rand.Rand, own, z float64, _ time.Duration) float64 { return math.Exp(0.3*own + 0.05*z) },
		"grows on all hosts": func(_ *rand.Rand, own, z float64, at time.Duration) float64 {
			return math.Exp(0.05*own + 0.02*z + at.Hours())
		},
		"mostly nothing": func(r *rand.Rand, _, _ float64, _ time.Duration) float64 {
			if r.Float64() < 0.02 {
				return 1 + math.Floor(5*r.Float64())
			}
			return 0
		},
		"wilder after the deploy": func(_ *rand.Rand, own, z float64, at time.Duration) float64 {
			if at < 0 {
				return math.Exp(0.05*own + 0.01*z)
			}
			return math.Exp(0.05*own + 0.2*z)
		},
	}
}

// judgeOdd shows half an hour of an odd gauge, times more on the one canary host.
func judgeOdd(t *testing.T, value func(*rand.Rand, float64, float64, time.Duration) float64, seed uint64, baseline int, before time.Duration, times float64) (passed, failed bool) {
	t.Helper()
	const every, over = 5 * time.Second, time.Minute
	s, err := New(memoryWorseBy(1.2))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 9))
	keep := math.Exp(-every.Seconds() / over.Seconds())
	own, z := make([]float64, baseline+1), make([]float64, baseline+1)
	for i := range own {
		own[i], z[i] = r.NormFloat64(), r.NormFloat64()
	}
	for at := every - before; at <= 30*time.Minute && !s.Failed(); at += every {
		if at == 0 {
			continue
		}
		tick := Tick{At: at}
		for i := range own {
			z[i] = keep*z[i] + math.Sqrt(1-keep*keep)*r.NormFloat64()
			sample := Sample{Arm: Baseline, Host: fmt.Sprintf("h%02d", i), Metric: "memory", Kind: Gauge, Value: value(r, own[i], z[i], at)}
			if i == 0 {
				sample.Arm = Canary
			}
			if i == 0 && at > 0 {
				sample.Value *= times
			}
			tick.Samples = append(tick.Samples, sample)
		}
		s.Look(tick)
		passed = passed || s.Verdict() == Pass
	}
	return passed, s.Failed()
}

// An odd gauge of a healthy canary is no alarm, and one that is far too high is not passed.
func TestOddGauges(t *testing.T) {
	t.Parallel()
	for name, value := range odd() {
		for _, baseline := range []int{1, 3, 9} {
			for _, before := range []time.Duration{0, time.Hour} {
				t.Run(fmt.Sprintf("%s, %d beside it, %s before", name, baseline, before), func(t *testing.T) {
					t.Parallel()
					n, alarms, passes := runs(1), 0, 0
					for i := range n {
						if _, failed := judgeOdd(t, value, uint64(i), baseline, before, 1); failed {
							alarms++
						}
						if passed, _ := judgeOdd(t, value, uint64(i), baseline, before, 2.4); passed {
							passes++
						}
					}
					t.Logf("%d alarms, %d wrong passes of %d", alarms, passes, n)
					if float64(alarms) > 0.001*float64(n)+3*math.Sqrt(0.001*float64(n)) {
						t.Errorf("%d false alarms of %d", alarms, n)
					}
					if float64(passes) > 0.05*float64(n)+3*math.Sqrt(0.05*float64(n)) {
						t.Errorf("%d of %d that are twice what is tolerated passed", passes, n)
					}
				})
			}
		}
	}
}
