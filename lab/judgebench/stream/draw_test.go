package stream

import (
	"math"
	"math/rand/v2"
	"testing"
)

func moments(n int, next func() float64) (mean, variance float64) {
	sum, squares := 0.0, 0.0
	for range n {
		v := next()
		sum += v
		squares += v * v
	}
	mean = sum / float64(n)
	return mean, squares/float64(n) - mean*mean
}

func TestPoisson(t *testing.T) {
	t.Parallel()
	d := draw{rand.New(rand.NewPCG(1, 2))}
	for _, want := range []float64{0, 0.003, 0.4, 1, 5, 9.9, 10, 37, 250, 4000} {
		mean, variance := moments(60_000, func() float64 { return d.poisson(want) })
		stated := 5 * math.Sqrt(want/60_000)
		if math.Abs(mean-want) > stated || math.Abs(variance-want) > 0.04*want+stated {
			t.Errorf("mean %v: got mean %.4f, variance %.4f", want, mean, variance)
		}
	}
}

// The whole distribution, and not its moments alone: shares of each count.
func TestPoissonShares(t *testing.T) {
	t.Parallel()
	const draws = 60_000
	for _, mean := range []float64{0.7, 3, 12} {
		d, seen := draw{rand.New(rand.NewPCG(3, 4))}, map[int]float64{}
		for range draws {
			seen[int(d.poisson(mean))]++
		}
		for k := range 40 {
			lg, _ := math.Lgamma(float64(k + 1))
			p := math.Exp(float64(k)*math.Log(mean) - mean - lg)
			if got := seen[k] / draws; math.Abs(got-p) > 5*math.Sqrt(p/draws)+1e-4 {
				t.Errorf("mean %v: %d came %.5f of the time, want %.5f", mean, k, got, p)
			}
		}
	}
}

func TestBursty(t *testing.T) {
	t.Parallel()
	d := draw{rand.New(rand.NewPCG(5, 6))}
	for _, c := range []struct{ mean, dispersion float64 }{{0.05, 8}, {2, 8}, {2, 1.5}, {20, 30}, {3, 1}} {
		mean, variance := moments(100_000, func() float64 { return d.bursty(c.mean, c.dispersion) })
		near(t, "mean", mean, c.mean, 0.06)
		near(t, "variance to mean", variance/mean, c.dispersion, 0.12)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	d := draw{rand.New(rand.NewPCG(7, 8))}
	w := d.newWalk(0.5, 24)
	mean, variance := moments(300_000, func() float64 { return w.step(d) })
	if math.Abs(mean) > 0.03 || math.Abs(math.Sqrt(variance)-0.5) > 0.02 {
		t.Errorf("mean %.3f, deviation %.3f", mean, math.Sqrt(variance))
	}
	still := d.newWalk(0, 24)
	if still.factor(d) != 1 {
		t.Error("a walk of no deviation moves")
	}
}

// Both ways of drawing a histogram agree with the distribution.
func TestHistogramShares(t *testing.T) {
	t.Parallel()
	d := draw{rand.New(rand.NewPCG(9, 10))}
	r := All()[0].Rollout(Cell{200, 0.1}, Healthy(), 1, bake)
	for _, mean := range []float64{5, 100} {
		l, into, counts, n := slowness{logs: logEdges()}, r.tick.Samples[1].Buckets, [edgeCount]float64{}, 0.0
		l.set(1.3)
		for range 6_000 {
			n += l.observe(d, mean, into)
			for i, b := range into {
				counts[i] += b.Count
			}
		}
		near(t, "requests", n/6_000, mean, 0.02)
		below := 0.0
		for i, edge := range edges() {
			p := normalBelow(math.Log(edge/(1.3*0.080))/0.6) - below
			below += p
			if got := counts[i] / n; math.Abs(got-p) > 5*math.Sqrt(p/n)+1e-6 {
				t.Errorf("mean %v: bucket up to %v has %.5f, want %.5f", mean, edge, got, p)
			}
		}
	}
}
