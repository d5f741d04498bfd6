package stream

import (
	"math"
	"math/rand/v2"
)

// draw makes random numbers of the distributions that traffic needs.
type draw struct{ *rand.Rand }

// poisson draws by inversion where the mean is small, else by Hörmann's PTRS (1993).
func (d draw) poisson(mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	if mean >= 10 {
		return d.largePoisson(mean)
	}
	u, k := d.Float64(), 0.0
	if u <= 1-mean {
		return 0 // less than e^-mean, which need not be worked out
	}
	p := math.Exp(-mean)
	for u > p && k < 200 {
		u -= p
		k++
		p *= mean / k
	}
	return k
}

func (d draw) largePoisson(mean float64) float64 {
	root, ln := math.Sqrt(mean), math.Log(mean)
	b := 0.931 + 2.53*root
	a := -0.059 + 0.02483*b
	inverse := 1.1239 + 1.1328/(b-3.4)
	v := 0.9277 - 3.6224/(b-2)
	for {
		u, w := d.Float64()-0.5, d.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && w <= v {
			return k
		}
		if k < 0 || (us < 0.013 && w > us) {
			continue
		}
		lg, _ := math.Lgamma(k + 1)
		if math.Log(w)+math.Log(inverse)-math.Log(a/(us*us)+b) <= k*ln-mean-lg {
			return k
		}
	}
}

// bursty draws a count of this mean whose variance is dispersion times as large: a
// negative binomial, as bursts that come independently and whose sizes are logarithmic.
func (d draw) bursty(mean, dispersion float64) float64 {
	if dispersion <= 1 {
		return d.poisson(mean)
	}
	total := 0.0
	for range int(d.poisson(mean * math.Log(dispersion) / (dispersion - 1))) {
		total += d.logarithmic(1 - 1/dispersion)
	}
	return total
}

// logarithmic draws by Kemp's second method.
func (d draw) logarithmic(theta float64) float64 {
	v := d.Float64()
	if v >= theta {
		return 1
	}
	q := -math.Expm1(math.Log1p(-theta) * d.Float64())
	switch {
	case v <= q*q && v > 0:
		return math.Floor(1 + math.Log(v)/math.Log(q))
	case v <= q:
		return 2
	}
	return 1
}

// walk is a number that wanders around 0 with standard deviation sd and forgets where it
// was over some time.
type walk struct{ at, keep, kick float64 }

// newWalk begins anywhere it may be; steps is how many steps it remembers.
func (d draw) newWalk(sd, steps float64) walk {
	keep := math.Exp(-1 / steps)
	return walk{at: sd * d.NormFloat64(), keep: keep, kick: sd * math.Sqrt(1-keep*keep)}
}

func (w *walk) step(d draw) float64 {
	if w.kick > 0 {
		w.at = w.keep*w.at + w.kick*d.NormFloat64()
	}
	return w.at
}

// factor is e to the power of the next step.
func (w *walk) factor(d draw) float64 {
	if w.kick == 0 {
		return 1
	}
	return math.Exp(w.step(d))
}
