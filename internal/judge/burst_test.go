package judge

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What must be feared of bursts is no less than what is likely; what is likely is near the truth, but where errors are rare: there most look like one burst, of any size.
func TestWhatIsLikelyOfBursts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		base, burst float64
		least, most float64 // of the dispersion that is likely
	}{
		{"even", 0.01, 1, 1, 1.15},
		{"even and rare", 0.001, 1, 1, 1.3},
		{"bursts", 0.01, 8, 6.5, 10},
		{"bursts of rare errors", 0.001, 8, 5, 60},
	} {
		var s stream
		traffic{seed: 4, rps: 200, hosts: 20, canary: 2, base: c.base, burst: c.burst}.ticks(time.Hour, func(k Tick) bool {
			var l look
			for i, x := range k.Samples {
				l.note(i, BaselineBefore, Count{x.Events, x.Exposure})
			}
			s.learn(&l, 5*time.Second)
			return true
		})
		likely, _ := s.bursts.likely(trusting).long()
		feared, _ := s.bursts.known(trusting).long()
		if likely < c.least || likely > c.most || feared < likely-0.05 {
			t.Errorf("%s: a dispersion of %.2f is likely and %.2f feared, want %.2f to %.2f likely", c.name, likely, feared, c.least, c.most)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var p [excesses]float64
		sum := 0.0
		for j := range p {
			p[j] = r.ExpFloat64()
			sum += p[j]
		}
		for j := range p {
			p[j] /= sum
		}
		m, below, upTo := median(&p), 0.0, 0.0
		for j, v := range p {
			if excess(j) < m {
				below += v
			}
			if j == 0 || excess(j-1) < m {
				upTo += v
			}
		}
		if below > 0.5+1e-9 || upTo < 0.5-1e-9 {
			t.Errorf("median %v: %v below, %v up to the next", m, below, upTo)
		}
	}
}
