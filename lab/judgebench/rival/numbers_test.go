package rival

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// Prometheus' documentation of histogram_quantile: linear within the bucket, the last
// finite edge when the quantile lies beyond it, NaN without observations.
func TestQuantile(t *testing.T) {
	t.Parallel()
	edges := [buckets]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.Inf(1)}
	for _, c := range []struct {
		counts [buckets]float64
		q      float64
		want   float64
	}{
		{[buckets]float64{5: 100}, 0.5, 0.175},
		{[buckets]float64{4: 90, 5: 10}, 0.99, 0.1 + 0.15*0.9},
		{[buckets]float64{0: 100}, 0.5, 0.0025},
		{[buckets]float64{4: 50, 11: 50}, 0.99, 10},
		{[buckets]float64{3: 1, 6: 1}, 0.5, 0.05},
		{[buckets]float64{}, 0.99, math.NaN()},
	} {
		got := (&Side{AtMost: edges, Slow: c.counts}).quantile(c.q)
		if math.Abs(got-c.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%v of %v: %v, want %v", c.q, c.counts, got, c.want)
		}
	}
}

// The p-value against the binomial distribution's own sum.
func TestChance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, a, y, b float64 }{
		{1, 100, 0, 900}, {3, 100, 9, 900}, {10, 1000, 9, 9000}, {20, 200, 20, 200}, {7, 33, 1, 167}, {40, 400, 300, 3600},
	} {
		m, want := c.x+c.y, 0.0
		for k := c.x; k <= m; k++ {
			want += distuv.Binomial{N: m, P: c.a / (c.a + c.b)}.Prob(k)
		}
		if got := chance(c.x, c.a, c.y, c.b); math.Abs(got-want) > 1e-9 {
			t.Errorf("%+v: %v, want %v", c, got, want)
		}
	}
	if chance(0, 10, 5, 10) != 1 || chance(3, 10, 0, 0) != 1 {
		t.Error("nothing to compare must prove nothing")
	}
}
