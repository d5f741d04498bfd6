package rival

import (
	"math"
	"math/bits"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const twoSigma = 1.959963984540054 // of the normal distribution, 95 % between

// A published interval of published data that has ties ("Hollander-Wolfe-Chicken" in
// psiaims.github.io/CAMIS, "Non-parametric point estimation", by R and by SAS). The second
// bound is the first of the series exchanged.
func TestShiftAsPublished(t *testing.T) {
	t.Parallel()
	a := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	b := []float64{0.878, 0.647, 0.598, 2.050, 1.060, 1.290, 1.060, 3.140, 1.290}
	estimate, low := shift(a, b, twoSigma)
	reversed, high := shift(b, a, twoSigma)
	for _, v := range [][2]float64{{estimate, 0.56}, {low, -0.37}, {-high, 1.183}, {-reversed, 0.56}} {
		if math.Abs(v[0]-v[1]) > 1e-9 {
			t.Errorf("%v in [%v, %v], want 0.56 in [-0.37, 1.183]", estimate, low, -high)
		}
	}
}

// The example of R's ?wilcox.test has no ties: the bound is the difference of the rank that
// is the quantile of the rank sum's exact distribution, counted here over all 3003 orders
// of ten values and five. Hollander and Wolfe give the estimate, 0.305.
func TestShiftAsEnumerated(t *testing.T) {
	t.Parallel()
	a := []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}
	b := []float64{1.15, 0.88, 0.90, 0.74, 1.21}
	var differences []float64
	for _, x := range a {
		for _, y := range b {
			differences = append(differences, x-y)
		}
	}
	slices.Sort(differences)
	rank := quantileOfRankSum(len(b), len(a)+len(b), 0.05/2)
	estimate, low := shift(a, b, twoSigma)
	_, high := shift(b, a, twoSigma)
	if math.Abs(estimate-0.305) > 1e-9 || low != differences[rank-1] || -high != differences[len(differences)-rank] {
		t.Errorf("%v in [%v, %v], want bounds of rank %d of %v", estimate, low, -high, rank, differences)
	}
}

// quantileOfRankSum is the least count of pairs, of k values above the others of n in all,
// that p of all orders or more do not exceed.
func quantileOfRankSum(k, n int, p float64) int {
	counts, orders := make([]float64, k*(n-k)+1), 0.0
	for set := range uint(1) << n {
		if bits.OnesCount(set) != k {
			continue
		}
		sum := -k * (k - 1) / 2
		for i := range n {
			sum += i * int(set>>i&1)
		}
		counts[sum]++
		orders++
	}
	below := 0.0
	for u, c := range counts {
		if below += c; below >= p*orders {
			return u
		}
	}
	return len(counts)
}

// By hand: 100 differences from 1 to 19, 10-|d-10| of each d. The bound is the difference
// after floor(50-0.5-2.326*sqrt(175)) = 18 of them: 1+2+3+4+5 = 15 are below 6.
func TestShiftByHand(t *testing.T) {
	t.Parallel()
	a := []float64{11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	b := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	if estimate, low := shift(a, b, kayentaQuantile); estimate != 10 || low != 6 {
		t.Errorf("estimate %v, low %v", estimate, low)
	}
	if estimate, low := shift([]float64{5}, []float64{3}, kayentaQuantile); estimate != 2 || low != 2 {
		t.Errorf("of one point each: %v, %v", estimate, low)
	}
	if got := ties([]float64{3, 1, 3, 2, 1, 3}); got != 6+24 {
		t.Errorf("a pair and a triple of ties: %v, want 30", got)
	}
}

// The bound is where the statistic passes the quantile, found here as R's documentation
// has it: from the ranks of both series together, one of them moved.
func TestBoundIsWhereTheStatisticPasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		grid := rapid.SampledFrom([]float64{1, 1.0 / 64}).Draw(t, "grid") // with many ties, with few
		value := rapid.Custom(func(t *rapid.T) float64 { return grid * float64(rapid.IntRange(0, int(12/grid)).Draw(t, "steps")) })
		a, b := rapid.SliceOfN(value, 2, 40).Draw(t, "a"), rapid.SliceOfN(value, 2, 40).Draw(t, "b")
		_, low := shift(a, b, kayentaQuantile)
		var differences []float64
		for _, x := range a {
			for _, y := range b {
				differences = append(differences, x-y)
			}
		}
		slices.Sort(differences)
		differences = slices.Compact(differences)
		i := slices.Index(differences, low)
		if i > 0 && statistic(a, b, (differences[i-1]+low)/2) < kayentaQuantile {
			t.Fatalf("%v is not low enough: %v would do", low, differences[i-1])
		}
		if i+1 < len(differences) && statistic(a, b, (differences[i+1]+low)/2) >= kayentaQuantile {
			t.Fatalf("%v is too low: %v would do", low, differences[i+1])
		}
	})
}

// statistic is the standardised rank sum of a, moved down by d, among both; 0 of series
// that are all alike.
func statistic(a, b []float64, d float64) float64 {
	var all []float64
	for _, x := range a {
		all = append(all, x-d)
	}
	all = append(all, b...)
	m, n := float64(len(a)), float64(len(b))
	sum, tied := 0.0, 0.0
	for i, v := range all {
		below, same := 0.0, 0.0
		for _, w := range all {
			if w < v {
				below++
			}
			if w == v {
				same++
			}
		}
		tied += same*same - 1 // t^3-t over a group of t
		if i < len(a) {
			sum += below + (same+1)/2
		}
	}
	over := sum - m*(m+1)/2 - m*n/2
	variance := m * n / 12 * (m + n + 1 - tied/((m+n)*(m+n-1)))
	if over == 0 || variance <= 0 {
		return 0
	}
	return (over - math.Copysign(0.5, over)) / math.Sqrt(variance)
}

// With 24 of 60 points v and 36 points 30 above a baseline that stands still, 1440 of 3600
// differences are v, and the bound is the one after 1393: v. The estimate is 30.
func TestHigh(t *testing.T) {
	t.Parallel()
	above := func(v float64) pair {
		p := pair{baseline: slices.Repeat([]float64{10}, 60)}
		p.canary = slices.Concat(slices.Repeat([]float64{10 + v}, 24), slices.Repeat([]float64{40}, 36))
		return p
	}
	still := slices.Repeat([]float64{3}, 60)
	for _, c := range []struct {
		name            string
		p               pair
		allowedIncrease float64
		want            bool
	}{
		{"a bound of a quarter of the estimate", above(7.5), 1, false},
		{"above a quarter", above(8), 1, true},
		{"a ratio of means of 3.12, allowed less", above(8), 3.1, true},
		{"allowed more", above(8), 3.2, false},
		{"nothing to be a ratio of", pair{canary: still, baseline: make([]float64, 60)}, 1.1, true},
		{"the same", pair{canary: still, baseline: still}, 1, false},
		{"lower", pair{canary: make([]float64, 60), baseline: still}, 1, false},
	} {
		if got := c.p.high(c.allowedIncrease); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The score is of the metrics that have data, and 0 when half of them have none.
func TestScore(t *testing.T) {
	t.Parallel()
	still := slices.Repeat([]float64{3}, 60)
	ok, high, none := pair{still, still}, pair{slices.Repeat([]float64{6}, 60), still}, pair{nil, still}
	for _, c := range []struct {
		metrics [3]pair
		want    float64
	}{
		{[3]pair{ok, ok, ok}, 100},
		{[3]pair{ok, high, ok}, 200.0 / 3},
		{[3]pair{high, high, high}, 0},
		{[3]pair{none, ok, ok}, 100},
		{[3]pair{none, ok, high}, 50},
		{[3]pair{none, none, ok}, 0},
		{[3]pair{none, none, none}, 0},
	} {
		if got := (&kayenta{series: c.metrics}).score(); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d points of canary: %v, want %v", len(c.metrics[0].canary), got, c.want)
		}
	}
}

// An interval has 60 points, but no more than there are ticks, and is no longer than the bake.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ interval, bake, every, step time.Duration }{
		{0, time.Hour, time.Hour, time.Minute},
		{0, 30 * time.Minute, 30 * time.Minute, 30 * time.Second},
		{10 * time.Minute, 30 * time.Minute, 10 * time.Minute, 10 * time.Second},
		{10 * time.Minute, 7 * time.Minute, 7 * time.Minute, 5 * time.Second},
		{0, 2 * time.Minute, 2 * time.Minute, 5 * time.Second},
	} {
		j, err := newKayenta(c.interval, documented())(c.bake)
		if err != nil {
			t.Fatal(err)
		}
		if k, ok := j.(*kayenta); !ok || k.interval != c.every || k.step != c.step {
			t.Errorf("%s of %s: %+v, want a point every %s", c.interval, c.bake, j, c.step)
		}
	}
}
