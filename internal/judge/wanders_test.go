package judge

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// A host's rate that wanders for minutes makes its counts over long stretches vary by more than the mean: by 1 + the variance of the
// rate, to the square of its mean, times the events in twice the time it wanders for. Stretches are
// compared with what was before them, or most of that would not be seen.
func TestARateThatWandersSlowlyIsSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rps, differ float64
		want        float64 // over ten minutes, of which the ends of each stretch take some
	}{{200, 0, 1.55}, {1000, 0, 3.8}, {1000, 0.3, 3.8}} {
		t.Run(fmt.Sprintf("%v requests a second, hosts differ by %v", c.rps, c.differ), func(t *testing.T) {
			t.Parallel()
			var feared, likely []float64
			for seed := range uint64(30) {
				var s stream
				traffic{seed: seed, rps: c.rps, hosts: 20, canary: 2, base: 0.001, differ: c.differ, wander: 0.5, memory: 2 * time.Minute}.ticks(time.Hour, func(k Tick) bool {
					s.learn(seen(k), 5*time.Second)
					return true
				})
				for v, d := range map[*[]float64]dispersions{&feared: s.bursts.known(wary), &likely: s.bursts.likely(trusting)} {
					dispersion, _ := d.long()
					*v = append(*v, dispersion)
				}
			}
			slices.Sort(feared)
			slices.Sort(likely)
			f, l := feared[len(feared)/2]-1, likely[len(likely)/2]-1
			t.Logf("excess of the variance: %.2f is feared, %.2f likely, want %.2f", f, l, c.want-1)
			if want := c.want - 1; f < 0.6*want || f > 2.2*want || l < 0.4*want || l > 1.3*want {
				t.Errorf("excess of the variance: %.2f is feared, %.2f likely, want about %.2f", f, l, want)
			}
		})
	}
}

func seen(k Tick) *look {
	var l look
	for i, x := range k.Samples {
		l.note(i, BaselineBefore, Count{x.Events, x.Exposure})
	}
	return &l
}

// Counts that are as independent errors' are within a block, and vary four times as much over long stretches, say a fourth of what
// independent ones would.
func TestBlocksThatHangTogether(t *testing.T) {
	t.Parallel()
	b := block{of: 8, canary: Count{9, 100}, baseline: Count{20, 900}, rate: 0.02}
	b.bursts = dispersions{1, 1, 1, 1, 1.2, 1.6, 2.5, 4}
	hang, _ := b.likelihood(1.1)
	b.bursts = dispersions{1, 1, 1, 1, 1, 1, 1, 1}
	free, _ := b.likelihood(1.1)
	for i := range hang {
		if math.Abs(hang[i]-free[i]/4) > 1e-9 {
			t.Fatalf("cell %d: %v, want a fourth of %v", i, hang[i], free[i])
		}
	}
	b.bursts = dispersions{1, 2, 4, 4, 4, 4, 4, 4} // bursts that a block holds whole
	whole, _ := b.likelihood(1.1)
	b.bursts = dispersions{4}
	b.of = 1
	same, _ := b.likelihood(1.1)
	if whole != same {
		t.Error("bursts that are shorter than a block are taken for rates that wander")
	}
}

// Errors that are independent show no bursts, though hosts differ, how they differ is learnt from the same counts, and
// counts are no whole numbers.
func TestHostsThatDifferShowNoBursts(t *testing.T) {
	t.Parallel()
	for _, known := range []time.Duration{25 * time.Minute, time.Hour} {
		for _, fraction := range []float64{1, 1.0000001} {
			var s stream
			traffic{seed: 5, rps: 1000, hosts: 20, canary: 2, base: 0.01, differ: 0.3}.ticks(known, func(k Tick) bool {
				for i := range k.Samples {
					k.Samples[i].Events *= fraction
					k.Samples[i].Exposure *= fraction
				}
				s.learn(seen(k), 5*time.Second)
				return true
			})
			feared, _ := s.bursts.known(wary).long()
			if feared > 1.3 {
				t.Errorf("%s known, counts times %v: a dispersion of %.2f is feared", known, fraction, feared)
			}
		}
	}
}

// An answer is of the time since the one before, whatever else was asked meanwhile; what nobody looked at is not known.
func TestHowLongAnswersAreOf(t *testing.T) {
	t.Parallel()
	m := Metric{Name: "errors", WorseBy: 1.1}
	s, err := New(Config{Metrics: []Metric{m}})
	if err != nil {
		t.Fatal(err)
	}
	look := func(at time.Duration, answers bool) {
		k := Tick{At: at}
		for i, arm := range []Arm{Canary, Baseline, Baseline} {
			if answers {
				k.Samples = append(k.Samples, Sample{Arm: arm, Host: fmt.Sprint("h", i), Metric: "errors", Exposure: 1000, Events: 1})
			}
		}
		s.Look(k)
	}
	for i := range 20 {
		look(-20*time.Hour+time.Duration(i)*time.Minute, true)
	}
	r := &s.metrics[0].ratio
	yesterday := r.seen
	for i := range 40 { // sixteen hours later, at a look every 5 seconds
		look(-3*time.Minute+time.Duration(i)*5*time.Second, i%12 == 0)
	}
	if more := r.seen - yesterday; more > 3*5*time.Minute {
		t.Errorf("three hosts seen for %s more, in four minutes", more)
	}
	if got := r.bursts.usual(); got != 0 {
		t.Errorf("answers of a minute: bursts usually last 2^%d of them, want one", got)
	}
}
