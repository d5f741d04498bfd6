package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// leak is a gauge of a fleet whose canary may grow, and takes some minutes to fill.
type leak struct {
	seed             uint64
	canary, baseline int
	aMinute          float64 // of growth
	fills            float64 // what is missing at first
	before           time.Duration
	every            time.Duration
	unit             float64
	still            bool // it does not wander
}

// judge says what was said first, pass or fail, and when each was.
func (l leak) judge(t *testing.T, worseBy float64) (passed, failed time.Duration, end Finding) {
	t.Helper()
	s, err := New(memoryWorseBy(worseBy))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(l.seed, 21))
	const differ = 0.05
	sd, every := 0.02, or(l.every, 5*time.Second)
	if l.still {
		sd = 0
	}
	keep := math.Exp(-every.Minutes() / 2)
	level, noise := make([]float64, l.canary+l.baseline), make([]float64, l.canary+l.baseline)
	for i := range level {
		level[i], noise[i] = or(l.unit, 5e8)*math.Exp(differ*r.NormFloat64()), sd*r.NormFloat64()
	}
	for at := every - l.before; at <= 30*time.Minute && failed == 0; at += every {
		tick := Tick{At: at}
		for i := range level {
			noise[i] = keep*noise[i] + math.Sqrt(1-keep*keep)*sd*r.NormFloat64()
			sample := Sample{Arm: Baseline, Host: fmt.Sprintf("h%02d", i), Metric: "memory", Kind: Gauge, Value: level[i] * math.Exp(noise[i])}
			if i < l.canary {
				sample.Arm = Canary
			}
			if i < l.canary && at > 0 {
				sample.Value *= (1 + l.aMinute*at.Minutes()) * (1 - l.fills*math.Exp(-at.Minutes()/2))
			}
			tick.Samples = append(tick.Samples, sample)
		}
		if at == 0 {
			continue
		}
		s.Look(tick)
		if v := s.Verdict(); v == Pass && passed == 0 {
			passed = at
		} else if v == Fail {
			failed = at
		}
	}
	return passed, failed, s.End(0)
}

// A leak is not passed before it can have shown, and one that goes beyond what is tolerated hardly ever.
func TestLeaksAreNotPassed(t *testing.T) {
	t.Parallel()
	for _, fleet := range [][2]int{{1, 1}, {1, 3}, {1, 9}, {2, 18}} {
		for _, before := range []time.Duration{0, 10 * time.Minute, time.Hour} {
			for aMinute, few := range map[float64]float64{0.02: 0.2, 0.05: 0.02, 0.10: 0} {
				t.Run(fmt.Sprintf("%v of %v, %v before", aMinute, fleet, before), func(t *testing.T) {
					t.Parallel()
					n, passes := runs(4), 0
					for i := range n {
						l := leak{seed: uint64(i), canary: fleet[0], baseline: fleet[1], aMinute: aMinute, before: before, fills: 0.4 * float64(i%2)}
						passed, failed, end := l.judge(t, 1.2)
						if passed == 0 {
							continue
						}
						passes++
						if passed < 5*time.Minute {
							t.Errorf("seed %d: passed at %s: %s", i, passed, end.Reason)
						}
						t.Logf("seed %d: passed at %s, failed at %s", i, passed, failed)
					}
					if float64(passes) > few*float64(n)+2*math.Sqrt(few*float64(n)) {
						t.Errorf("%d of %d passed", passes, n)
					}
				})
			}
		}
	}
}

// Leaks are found, faster ones sooner, also by few hosts whose past is known; what leaks nothing passes.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	type wanted struct {
		aMinute float64
		within  time.Duration // in the median
	}
	for _, c := range []struct {
		leak   leak
		wanted []wanted
	}{
		{leak{canary: 2, baseline: 18, before: time.Hour, fills: 0.4}, []wanted{{0.02, 18 * time.Minute}, {0.05, 9 * time.Minute}, {0.10, 6 * time.Minute}}},
		{leak{canary: 1, baseline: 9, before: time.Hour, fills: 0.4}, []wanted{{0.02, 21 * time.Minute}, {0.05, 10 * time.Minute}, {0.10, 8 * time.Minute}}},
		{leak{canary: 1, baseline: 3, before: time.Hour}, []wanted{{0.02, 24 * time.Minute}, {0.05, 12 * time.Minute}, {0.10, 7 * time.Minute}}},
		{leak{canary: 1, baseline: 1, before: time.Hour}, []wanted{{0.05, 20 * time.Minute}, {0.10, 12 * time.Minute}}},
		{leak{canary: 1, baseline: 9}, []wanted{{0.05, 25 * time.Minute}, {0.10, 19 * time.Minute}}},
		{leak{canary: 1, baseline: 9, before: time.Hour, every: time.Minute}, []wanted{{0.05, 13 * time.Minute}, {0.10, 10 * time.Minute}}},
		{leak{canary: 1, baseline: 9, before: time.Hour, every: 5 * time.Minute}, []wanted{{0.10, 20 * time.Minute}}},
		{leak{canary: 1, baseline: 9, still: true}, []wanted{{0.05, 20 * time.Minute}, {0.10, 15 * time.Minute}}},
	} {
		name := fmt.Sprintf("%d of %d, %v before, each %v, still %v", c.leak.canary, c.leak.canary+c.leak.baseline, c.leak.before, or(c.leak.every, 5*time.Second), c.leak.still)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := runs(7)
			for _, w := range append([]wanted{{0, 0}}, c.wanted...) {
				l, times, passes := c.leak, []time.Duration(nil), 0
				l.aMinute = w.aMinute
				for i := range n {
					l.seed = uint64(i)
					passed, failed, end := l.judge(t, 1.2)
					if passed > 0 {
						passes++
					}
					if w.aMinute == 0 && failed > 0 {
						t.Errorf("seed %d, healthy: %s: %s", i, end.Verdict, end.Reason)
					}
					if failed == 0 {
						failed = time.Hour
					}
					times = append(times, failed)
				}
				slices.Sort(times)
				t.Logf("%v a minute: found after %v, %d passed", w.aMinute, times[n/2], passes)
				if w.aMinute == 0 && float64(passes) < 0.8*float64(n) {
					t.Errorf("healthy: %d of %d passed", passes, n)
				}
				if w.aMinute > 0 && times[n/2] > w.within {
					t.Errorf("%v a minute: found after %v in the median, want %v", w.aMinute, times[n/2], w.within)
				}
			}
		})
	}
}

// The unit in which a gauge is measured does not matter.
func TestTheUnitOfAGaugeDoesNotMatter(t *testing.T) {
	t.Parallel()
	for i := range uint64(4) {
		l := leak{seed: i, canary: 1, baseline: 4, before: 20 * time.Minute, aMinute: 0.01 * float64(i), unit: 1}
		passed, failed, end := l.judge(t, 1.2)
		l.unit = 1e9
		passedToo, failedToo, endToo := l.judge(t, 1.2)
		if passed != passedToo || failed != failedToo || math.Abs(end.Against-endToo.Against) > 1e-6 {
			t.Errorf("seed %d: passed %v and %v, failed %v and %v, evidence %v and %v", i, passed, passedToo, failed, failedToo, end.Against, endToo.Against)
		}
	}
}
