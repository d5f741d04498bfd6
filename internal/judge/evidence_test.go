package judge

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"
)

// exactWorse works the mean likelihood ratio out from the binomial likelihoods
// themselves, in fractions: no logarithm and nothing of evidence.go is in it.
func exactWorse(x, a, y, b int64, tolerated *big.Rat, mirrored bool) float64 {
	one := big.NewRat(1, 1)
	ra := new(big.Rat).Mul(tolerated, big.NewRat(a, 1))
	q := new(big.Rat).Quo(ra, new(big.Rat).Add(ra, big.NewRat(b, 1)))
	sum := new(big.Rat)
	for _, f := range []*big.Rat{big.NewRat(5, 4), big.NewRat(3, 2), big.NewRat(2, 1), big.NewRat(3, 1), big.NewRat(5, 1), big.NewRat(10, 1), big.NewRat(30, 1), big.NewRat(100, 1)} {
		if mirrored {
			f = new(big.Rat).Inv(f)
		}
		qf := new(big.Rat).Mul(q, f)
		// The canary's share of the events when its rate is f times the tolerated one.
		p := new(big.Rat).Quo(qf, new(big.Rat).Add(qf, new(big.Rat).Sub(one, q)))
		l := new(big.Rat).Mul(power(new(big.Rat).Quo(p, q), x), power(new(big.Rat).Quo(new(big.Rat).Sub(one, p), new(big.Rat).Sub(one, q)), y))
		sum.Add(sum, l)
	}
	mean, _ := sum.Quo(sum, big.NewRat(8, 1)).Float64()
	return mean
}

func power(r *big.Rat, n int64) *big.Rat {
	e := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

func TestRatioAgainstFractions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x, a, y, b int64
		num, den   int64 // tolerated ratio
	}{
		{0, 100, 0, 900, 3, 2}, {1, 100, 0, 900, 3, 2}, {0, 100, 1, 900, 3, 2}, {3, 100, 9, 900, 1, 1}, {5, 100, 0, 900, 3, 2},
		{10, 100, 9, 900, 3, 2}, {10, 1000, 9, 9000, 13, 10}, {2, 50, 2, 50, 1, 1}, {20, 200, 20, 200, 1, 1}, {40, 400, 10, 400, 2, 1},
		{7, 33, 1, 167, 3, 2}, {1, 10, 100, 990, 3, 2}, {100, 1000, 100, 1000, 3, 1}, {0, 5000, 50, 45000, 3, 2}, {12, 5000, 45, 45000, 3, 2},
		{60, 20000, 180, 180000, 1, 1}, {300, 3000, 27, 27000, 3, 2}, {1, 1, 0, 1, 1, 1}, {2, 3, 4, 5, 7, 4}, {90, 100, 5, 100, 3, 2},
		{150, 1000, 900, 9000, 3, 2}, {33, 700, 12, 640, 5, 4},
	} {
		r := float64(c.num) / float64(c.den)
		x, a, y, b := float64(c.x), float64(c.a), float64(c.y), float64(c.b)
		for _, mirrored := range []bool{false, true} {
			increment := worse(x, a, y, b, r)
			if mirrored {
				increment = better(x, a, y, b, r)
			}
			got := weighing{}.add(increment, 1).log()
			want := math.Log(exactWorse(c.x, c.a, c.y, c.b, big.NewRat(c.num, c.den), mirrored))
			if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("%+v mirrored %v: got %v, want %v", c, mirrored, got, want)
			}
		}
	}
}

// exactAbove is the mean Poisson likelihood ratio with 200 bits; the exponential is its series.
func exactAbove(x int64, a, p float64, mirrored bool) float64 {
	sum := new(big.Float).SetPrec(200)
	for _, f := range []float64{1.25, 1.5, 2, 3, 5, 10, 30, 100} {
		factor := new(big.Float).SetPrec(200).SetFloat64(f)
		if mirrored {
			factor.Quo(big.NewFloat(1).SetPrec(200), factor)
		}
		l := big.NewFloat(1).SetPrec(200)
		for range x {
			l.Mul(l, factor)
		}
		mean := new(big.Float).SetPrec(200).Mul(big.NewFloat(a), big.NewFloat(p))
		exponent := new(big.Float).SetPrec(200).Sub(factor, big.NewFloat(1))
		exponent.Mul(exponent, mean)
		l.Quo(l, series(exponent))
		sum.Add(sum, l)
	}
	v, _ := sum.Quo(sum, big.NewFloat(8)).Float64()
	return v
}

// series is e^v for any v, through e^(v/2^k) squared k times.
func series(v *big.Float) *big.Float {
	const halvings = 20
	small := new(big.Float).SetPrec(300).SetMantExp(v, -halvings)
	term, sum := big.NewFloat(1).SetPrec(300), big.NewFloat(1).SetPrec(300)
	for i := 1; i < 60; i++ {
		term.Mul(term, small).Quo(term, big.NewFloat(float64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

func TestGuardAgainstSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    int64
		a, p float64
	}{
		{0, 100, 0.01}, {1, 100, 0.01}, {5, 100, 0.01}, {0, 5000, 0.001}, {3, 5000, 0.001}, {60, 1200, 0.01},
		{200, 1200, 0.01}, {2, 3600, 0.0005}, {0, 1, 0.5}, {1, 1, 0.5}, {10, 33.5, 0.25},
	} {
		for _, mirrored := range []bool{false, true} {
			increment := above(float64(c.x), c.a, c.p)
			if mirrored {
				increment = below(float64(c.x), c.a, c.p)
			}
			got := weighing{}.add(increment, 1).log()
			want := math.Log(exactAbove(c.x, c.a, c.p, mirrored))
			if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
				t.Errorf("%+v mirrored %v: got %v, want %v", c, mirrored, got, want)
			}
		}
	}
}

// Three ticks, with a fresh copy before the second and the third, written out.
func TestFreshCopiesAgainstTheSumWrittenOut(t *testing.T) {
	t.Parallel()
	ticks := [][4]float64{{1, 100, 2, 900}, {4, 120, 1, 800}, {6, 90, 3, 950}}
	minute := time.Minute
	p := Process{}
	for i, k := range ticks {
		p = p.add(time.Duration(i)*minute, minute, worse(k[0], k[1], k[2], k[3], 1.5), 1)
	}
	product := func(f float64, from int) float64 {
		l := 1.0
		for _, k := range ticks[from:] {
			q := 1.5 * k[1] / (1.5*k[1] + k[3])
			l *= math.Pow(f, k[0]) / math.Pow(1+q*(f-1), k[0]+k[2])
		}
		return l
	}
	want, rest := 0.0, 1.0
	for s := range 3 {
		weight := 6 / math.Pow(math.Pi*float64(s+1), 2)
		rest -= weight
		for _, f := range []float64{1.25, 1.5, 2, 3, 5, 10, 30, 100} {
			want += weight * product(f, s) / 8
		}
	}
	if got := math.Exp(p.log()); math.Abs(got-want-rest) > 1e-12*got {
		t.Errorf("got %v, want %v", got, want+rest)
	}
	if n := len(p.Copies); n != 3 {
		t.Errorf("%d copies", n)
	}
	for range 3 {
		p = p.add(1000*time.Hour, minute, worse(1, 10, 1, 10, 1.5), 1)
	}
	if n := len(p.Copies); n != copiesLimit {
		t.Errorf("%d copies after a long bake, want %d", n, copiesLimit)
	}
}

// Newcombe's published examples of Wilson's interval (Statistics in Medicine 17, 1998).
func TestIntervals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ x, n, low, high float64 }{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718},
		{0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {5, 10, 0.2366, 0.7634}, {0, 0, 0, 0},
	} {
		r := Count{c.x, c.n}.interval()
		if math.Abs(r.Low-c.low) > 6e-5 || math.Abs(r.High-c.high) > 6e-5 {
			t.Errorf("%v of %v: got %.4f to %.4f, want %.4f to %.4f", c.x, c.n, r.Low, r.High, c.low, c.high)
		}
	}
	if r := (Count{30, 10}).interval(); !(r.Low < 3 && r.High > 3 && r.Low > 2 && r.High < 4.5) {
		t.Errorf("more events than exposure: %+v", r)
	}
}

func TestBinomialTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x, n     int64
		num, den int64
	}{{0, 5, 1, 3}, {5, 5, 1, 3}, {3, 10, 1, 5}, {40, 60, 1, 2}, {9, 100, 1, 50}, {61, 70, 1, 2}} {
		sum := new(big.Rat)
		share := big.NewRat(c.num, c.den)
		for i := c.x; i <= c.n; i++ {
			term := new(big.Rat).SetInt(new(big.Int).Binomial(c.n, i))
			term.Mul(term, power(share, i)).Mul(term, power(new(big.Rat).Sub(big.NewRat(1, 1), share), c.n-i))
			sum.Add(sum, term)
		}
		want, _ := sum.Float64()
		s, _ := share.Float64()
		if got := atLeast(float64(c.x), float64(c.n), s); math.Abs(got-want) > 1e-10 {
			t.Errorf("%+v: got %v, want %v", c, got, want)
		}
	}
}

func TestOutlier(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		events [3]float64
		want   string
	}{
		{[3]float64{0, 0, 0}, ""}, {[3]float64{1, 2, 0}, ""}, {[3]float64{50, 51, 60}, ""},
		{[3]float64{1, 0, 30}, "h3"}, {[3]float64{40, 0, 0}, "h1"}, {[3]float64{2, 0, 0}, ""},
	} {
		var hosts []HostCount
		for i, e := range c.events {
			hosts = append(hosts, HostCount{fmt.Sprintf("h%d", i+1), Count{e, 1000}})
		}
		if got := outlier(hosts); got != c.want {
			t.Errorf("%v: got %q, want %q", c.events, got, c.want)
		}
	}
	if got := outlier([]HostCount{{"h1", Count{40, 100}}}); got != "" {
		t.Errorf("one host alone: %q", got)
	}
}

// At the limit the evidence of one tick has mean 1 exactly, summed over all that can
// happen; of requests, which fail or do not, the guard's has at most that.
func TestTheEvidenceOfATickHasMeanOne(t *testing.T) {
	t.Parallel()
	const a, b, ratio, limit = 120.0, 700.0, 1.5, 0.03
	q := ratio * a / (ratio*a + b)
	for m := 0.0; m <= 40; m++ {
		mean, mirrored := 0.0, 0.0
		for x := 0.0; x <= m; x++ {
			p := math.Exp(choose(m, x) + x*math.Log(q) + (m-x)*math.Log1p(-q))
			mean += p * math.Exp(weighing{}.add(worse(x, a, m-x, b, ratio), 1).log())
			mirrored += p * math.Exp(weighing{}.add(better(x, a, m-x, b, ratio), 1).log())
		}
		if math.Abs(mean-1) > 1e-9 || math.Abs(mirrored-1) > 1e-9 {
			t.Errorf("%v events: mean %v, mirrored %v", m, mean, mirrored)
		}
	}
	counts, requests := 0.0, 0.0
	for x := 0.0; x <= 2000; x++ {
		factorial, _ := math.Lgamma(x + 1)
		e := math.Exp(weighing{}.add(above(x, a, limit), 1).log() + x*math.Log(a*limit) - a*limit - factorial)
		counts += e
		if x <= a {
			requests += math.Exp(weighing{}.add(above(x, a, limit), 1).log() + choose(a, x) + x*math.Log(limit) + (a-x)*math.Log1p(-limit))
		}
	}
	if math.Abs(counts-1) > 1e-6 || requests > 1 {
		t.Errorf("guard: mean %v of counts, %v of requests", counts, requests)
	}
}
