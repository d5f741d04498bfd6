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
