package judge

import (
	"math"
	"time"
)

// copiesLimit bounds what a state holds, however long it is watched.
const copiesLimit = 32

// Comparison is the likelihood of all that was counted on both arms, and what it was
// whenever the evidence began to be counted anew.
type Comparison struct {
	Done   grid   `json:"done"` // blocks that have ended
	Block  Block  `json:"block"`
	Onsets []grid `json:"onsets,omitempty"` // Done when a fresh count began; the first at 0
}

// Block is a stretch of time in which errors may hang together; what it says about
// the canary is counted as a whole.
type Block struct {
	Looks, Of int         // looks so far, and when it ends
	Canary    Count       `json:"canary"`
	Baseline  Count       `json:"baseline"`
	Rate      float64     `json:"rate"`   // of the baseline, from the past of the block
	Bursts    Dispersions `json:"bursts"` // how counts vary
	Alone     bool        `json:"alone"`  // the canary is compared with Rate alone
	Warmup    bool        `json:"warmup"`
}

// likelihood is how likely the block's counts are for each ratio, given how many there were in all.
// Counts that come in bursts are negative binomial with a variance that is a multiple
// of the mean; the canary's share of the sum is then beta-binomial.
func (b Block) likelihood(tolerated float64) grid {
	x, a, y, n := b.Canary.Events, b.Canary.Exposure, b.Baseline.Events, b.Baseline.Exposure
	if a == 0 || (n == 0 && !b.Alone) {
		return grid{}
	}
	if b.Rate == 0 && n > 0 {
		b.Rate = max(y, 0.5) / n // there was no past to know it from
	}
	dispersion, length := b.Bursts.over(b.Looks)
	burst, part := dispersion-1, min(1, float64(b.Looks)/float64(length))
	if b.Warmup {
		// While the canary starts, the errors of all that time are one burst, of any size.
		const variance = 2
		burst, part = max(burst, variance*b.Rate*a*tolerated), 1
	}
	switch {
	case b.Alone && burst < 0.05:
		return each(func(theta float64) float64 { return x*theta - a*b.Rate*tolerated*math.Exp(theta) })
	case b.Alone:
		shape := b.Rate * tolerated * a / part / burst
		return each(func(theta float64) float64 {
			s := shape * math.Exp(theta)
			return rising(s, x) - s*math.Log1p(burst*part)
		})
	case x+y == 0:
		return grid{}
	case burst < 0.05:
		odds := tolerated * a / n
		return each(func(theta float64) float64 { return x*theta - (x+y)*math.Log1p(odds*math.Exp(theta)) })
	}
	canary, baseline := b.Rate*tolerated*a/part/burst, b.Rate*n/part/burst
	return each(func(theta float64) float64 {
		s := canary * math.Exp(theta)
		return rising(s, x) - rising(s+baseline, x+y)
	})
}

// rising is the logarithm of s(s+1)...(s+n-1).
func rising(s, n float64) float64 {
	if n <= 6 && n == math.Trunc(n) {
		product := 1.0
		for i := range int(n) {
			product *= s + float64(i)
		}
		return math.Log(product)
	}
	top, _ := math.Lgamma(s + n)
	bottom, _ := math.Lgamma(s)
	return top - bottom
}

// begin starts the fresh counts that are due. They begin with a block.
func (c Comparison) begin(at, fresh time.Duration) Comparison {
	if c.Block.Looks > 0 {
		return c
	}
	due := min(1+int(max(at, 0)/fresh), copiesLimit)
	onsets := make([]grid, max(due, len(c.Onsets)))
	copy(onsets, c.Onsets)
	for i := len(c.Onsets); i < len(onsets); i++ {
		onsets[i] = c.Done
	}
	c.Onsets = onsets
	return c
}

// add adds a look to the block, or to the next one when it has ended.
func (c Comparison) add(l look, warmup bool, next func() Block, tolerated float64) Comparison {
	if c.Block.Warmup && !warmup {
		c = c.end(tolerated)
	}
	if c.Block.Looks == 0 {
		c.Block = next()
		c.Block.Warmup = warmup
	}
	c.Block.Looks++
	c.Block.Canary = c.Block.Canary.plus(total(l.canary))
	c.Block.Baseline = c.Block.Baseline.plus(total(l.baseline))
	if c.Block.Looks >= c.Block.Of && !c.Block.Warmup {
		c = c.end(tolerated)
	}
	return c
}

// end closes the block.
func (c Comparison) end(tolerated float64) Comparison {
	c.Done = c.Done.plus(c.Block.likelihood(tolerated))
	c.Block = Block{}
	return c
}

// onsetWeight shares the evidence out over the fresh counts; the weights sum to 1.
func onsetWeight(i int) float64 {
	const first = 0.8
	if i == 0 {
		return first
	}
	return (1 - first) * 6 / (math.Pi * math.Pi * float64(i) * float64(i))
}

// against is the evidence that the canary is worse than tolerated, as a logarithm. For each fresh count it is
// the likelihood of a release that became worse when it began to that of one that never did, both averaged
// over how the hosts may differ. What was before a fresh count teaches how they do.
func (c Comparison) against(b belief, tolerated float64) float64 {
	now := c.Done.plus(c.Block.likelihood(tolerated))
	relative, top := now.relative()
	null := math.Log(b.average(&relative, 0)) + top
	rest := 1.0
	logs := make([]float64, 0, len(c.Onsets)+1)
	for i, onset := range c.Onsets {
		weight := onsetWeight(i)
		rest -= weight
		var before belief
		for k := range before {
			before[k] = onset[k-reach-lowest]
		}
		scale := logMax(before[:])
		for k := range before {
			before[k] = b[k] * math.Exp(before[k]-scale)
		}
		after, off := now.minus(onset).relative()
		sum := 0.0
		for _, alt := range worseBy() {
			sum += alt.weight * before.average(&after, alt.steps)
		}
		logs = append(logs, math.Log(weight)+math.Log(sum)+off+scale-null)
	}
	return bounded(logSum(append(logs, math.Log(max(rest, math.SmallestNonzeroFloat64)))))
}

// favour is the evidence that the canary is not worse than tolerated, as a logarithm.
func (c Comparison) favour(b belief, tolerated float64) float64 {
	return favour(c.Done.plus(c.Block.likelihood(tolerated)), b)
}

func favour(now grid, b belief) float64 {
	relative, _ := now.relative()
	sum := 0.0
	for _, alt := range betterBy() {
		sum += alt.weight * b.average(&relative, alt.steps)
	}
	return bounded(math.Log(sum) - math.Log(b.average(&relative, 0)))
}

// bounded keeps evidence within what can be stored: there is no need for more.
func bounded(log float64) float64 {
	const limit = 600
	if math.IsNaN(log) {
		return 0
	}
	return min(limit, max(-limit, log))
}

func logMax(logs []float64) float64 {
	top := math.Inf(-1)
	for _, v := range logs {
		top = max(top, v)
	}
	return top
}

// logSum is ln(sum e^v), without overflow.
func logSum(logs []float64) float64 {
	top := logMax(logs)
	if math.IsInf(top, 0) {
		return top
	}
	sum := 0.0
	for _, v := range logs {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// logMean is ln of the mean of e^v; 0, which is no evidence, of none.
func logMean(logs []float64) float64 {
	if len(logs) == 0 {
		return 0
	}
	return logSum(logs) - math.Log(float64(len(logs)))
}
