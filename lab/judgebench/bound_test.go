package judgebench

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// By definition: at the upper bound, k or fewer of n come with a chance of 5 %; at the
// lower one, k or more do.
func TestClopperPearson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ k, n int }{{0, 5004}, {1, 5004}, {5, 5004}, {10, 5004}, {100, 300}, {299, 300}} {
		n, k := float64(c.n), float64(c.k)
		if got := (distuv.Binomial{N: n, P: upper(c.k, c.n)}).CDF(k); math.Abs(got-0.05) > 1e-6 {
			t.Errorf("%+v: at the upper bound %v", c, got)
		}
		if c.k == 0 {
			continue
		}
		if got := 1 - (distuv.Binomial{N: n, P: lower(c.k, c.n)}).CDF(k-1); math.Abs(got-0.05) > 1e-6 {
			t.Errorf("%+v: at the lower bound %v", c, got)
		}
	}
	// The rule of three, and the ends.
	if got := upper(0, 5004); math.Abs(got-3.0/5004) > 1e-5 {
		t.Errorf("of none: %v", got)
	}
	if upper(7, 7) != 1 || lower(0, 7) != 0 {
		t.Error("the ends are not 1 and 0")
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	for k, want := range map[int]Kept{0: KeptSurely, 1: KeptSurely, 2: KeptSeen, 5: KeptSeen, 6: Unclear, 9: Unclear, 10: Broken, 5004: Broken} {
		if got := kept(k, 5004); got != want {
			t.Errorf("%d of 5004: %s, want %s", k, got, want)
		}
	}
	if kept(0, 100) != KeptSeen || kept(0, 0) != Unclear {
		t.Error("few rollouts show little")
	}
}
