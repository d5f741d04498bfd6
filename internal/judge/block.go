package judge

import (
	"math"
	"time"
)

// block is a stretch of time in which errors may hang together; what it says about
// the canary is counted as a whole.
type block struct {
	looks, of int // looks so far, and when it ends
	canary    Count
	baseline  Count
	rate      float64     // of the baseline, from the past of the block
	bursts    dispersions // how counts vary
	alone     bool        // the canary is compared with rate alone
	warmup    bool
	began     time.Duration
	strange   float64 // how likely it is that the canary does what no host has shown
}

// over reports whether the block has ended: it is as long as bursts are, and something was counted on both arms.
func (b *block) over(at time.Duration) bool {
	both := b.canary.Exposure > 0 && (b.baseline.Exposure > 0 || b.alone)
	return both && b.looks >= b.of && at-b.began >= burstLength && !b.warmup
}

// likelihood is how likely the block's counts are for each ratio, given how many there were in all;
// false when they say nothing. Counts that come in bursts are negative binomial with a variance that
// is a multiple of the mean; the canary's share of the sum is then beta-binomial. Where rates wander for longer than a block
// it is a quasi-likelihood (Wedderburn 1974).
func (b *block) likelihood(tolerated float64) (g grid, told bool) {
	x, a, y, n := b.canary.Events, b.canary.Exposure, b.baseline.Events, b.baseline.Exposure
	if a == 0 || (!b.alone && (n == 0 || x+y == 0)) {
		return g, false
	}
	rate := b.level(tolerated)
	burst, slow := b.burst(rate * a * tolerated)
	ratio, next := math.Exp(lowest*step), math.Exp(step)
	for i := range g {
		theta := float64(lowest+i) * step
		switch {
		case b.alone && burst < evenly:
			g[i] = x*theta - a*rate*tolerated*ratio
		case b.alone:
			s := rate * tolerated * a / burst * ratio
			g[i] = rising(s, x) - s*math.Log1p(burst)
		case burst < evenly:
			g[i] = x*theta - (x+y)*math.Log1p(tolerated*a/n*ratio)
		default:
			s := rate * tolerated * a / burst * ratio
			g[i] = rising(s, x) - rising(s+rate*n/burst, x+y)
		}
		g[i] /= slow
		ratio *= next
	}
	return g, true
}

// level is the baseline's rate in the block. When more came of both arms than the past has it, how many there were in all
// lies between the two: else one error in a long time would let any number of them be one host's burst.
func (b *block) level(tolerated float64) float64 {
	rate, n := b.rate, b.baseline.Exposure
	if b.alone {
		return rate
	}
	if rate == 0 {
		return max(b.baseline.Events, 0.5) / n // there was no past to know it from
	}
	came, expected := b.canary.Events+b.baseline.Events, rate*(b.canary.Exposure*tolerated+n)
	return rate * max(1, (1+came/expected)/2)
}

// unusual is the chance that what is counted in the block says nothing of the release.
func (b *block) unusual() float64 {
	const starting = 0.2
	if b.warmup {
		return max(b.strange, starting)
	}
	return b.strange
}

// limit bounds what one block can say, when something that says nothing of the release happens with a chance.
func (g *grid) limit(chance float64) {
	if chance == 0 {
		return
	}
	most := top(g[:most-lowest+1]) // what is worse than any alternative is as bad as the worst of them
	near := math.Log(chance) + 4   // above that it makes no difference
	for i, v := range g {
		if v-most < near {
			g[i] = most + math.Log((1-chance)*math.Exp(v-most)+chance)
		}
	}
}

// evenly is an excess of the variance over the mean that is none.
const evenly = 0.1

// burst is the excess of the variance over the mean in the block, and how many times as great the variance is over stretches so long
// that what wanders slowly comes and goes within them. Blocks hang together then: each of them counts for as many times less. While the
// canary starts, the errors of all that time are one burst, of any size.
func (b *block) burst(expected float64) (excess, slow float64) {
	const variance = 3
	dispersion, _ := b.bursts.long()
	if b.warmup {
		return max(dispersion-1, variance*expected), 1
	}
	here := max(1, b.bursts.over(b.of))
	return here - 1, dispersion / here
}

// rising is the logarithm of s(s+1)...(s+n-1).
func rising(s, n float64) float64 {
	if product := risingFew(s, n); product > 0 {
		return math.Log(product)
	}
	return logGamma(s+n) - logGamma(s)
}

// risingFew is s(s+1)...(s+n-1) of a few; 0 of more.
func risingFew(s, n float64) float64 {
	if n > 6 || n != math.Trunc(n) {
		return 0
	}
	product := 1.0
	for i := range int(n) {
		product *= s + float64(i)
	}
	return product
}

// logGamma is Stirling's series, right to eleven digits; the library's takes three times as long,
// and most of a judge's time would go there.
func logGamma(s float64) float64 {
	product := 1.0
	for ; s < 8; s++ {
		product *= s
	}
	const halfLogTwoPi = 0.91893853320467274178
	inverse := 1 / s
	square := inverse * inverse
	series := inverse * (1.0/12 - square*(1.0/360-square*(1.0/1260-square*(1.0/1680-square/1188))))
	v := (s-0.5)*math.Log(s) - s + halfLogTwoPi + series
	if product != 1 {
		v -= math.Log(product)
	}
	return v
}
