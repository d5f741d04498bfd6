package judge

import (
	"math"
	"time"
)

// comparison is the likelihood of all that was counted on both arms, for every ratio, and that of
// releases that were not worse at first and became worse at some time.
type comparison struct {
	done  grid // logarithms, of the blocks that have ended
	plain grid // the same, without the limit to what a block can say
	block block
	// late is the likelihood of a release that became worse by an alternative, for each way in which the hosts
	// may differ, added up over when it did, each time with its weight; times e^-scale.
	late  [tried]belief
	scale float64
	rest  float64 // weight of the times that have not come yet
}

// first is the weight of a release that is worse from the start.
const first = 0.98

// weightOfLater is what is left for faults that set in after a time.
func weightOfLater(at time.Duration) float64 {
	const half = 10 * time.Minute
	return (1 - first) * half.Seconds() / (half + max(at, 0)).Seconds()
}

// start lets the release have become worse now, with a weight. It may at the beginning of every block.
func (c *comparison) start(weight float64) {
	for i := range c.late[0] {
		v := weight * math.Exp(c.done[i-reach-lowest]-c.scale)
		for k := range c.late {
			c.late[k][i] += v
		}
	}
	c.rest -= weight
}

// add adds a look to the block, or to the next one when it has ended.
func (c *comparison) add(canary, baseline Count, now moment, next func() block) {
	if c.block.warmup && !now.warmup {
		c.end(now.tolerated)
	}
	if c.block.looks == 0 {
		c.block = next()
		c.block.warmup, c.block.began = now.warmup, now.began
		if c.scale == 0 && c.rest == 0 {
			c.rest = 1
		}
		c.start(c.rest - weightOfLater(now.began))
	}
	c.block.looks++
	c.block.canary, c.block.baseline = c.block.canary.plus(canary), c.block.baseline.plus(baseline)
	if c.block.over(now.at) {
		c.end(now.tolerated)
	}
}

// end closes the block.
func (c *comparison) end(tolerated float64) {
	l, told := c.block.likelihood(tolerated)
	strange := c.block.strange
	c.block = block{}
	if !told {
		return
	}
	c.plain.add(&l)
	l.limit(strange)
	relative, off := l.relative()
	c.done.add(&l)
	c.scale += off
	shift := 0.0
	if most := top(c.done[:]); c.scale-most > 40 {
		shift, c.scale = c.scale-most, most // else what is far from the truth would be lost
	}
	factor := math.Exp(shift)
	for k, alt := range worseBy() {
		likely := relative[alt.steps-reach-lowest:]
		for i, v := range c.late[k] {
			c.late[k][i] = min(v*likely[i]*factor, 1e200)
		}
	}
}

// against is the evidence that the canary is worse than tolerated, as a logarithm: the likelihood of a release
// that became worse at some time to that of one that never did, both averaged over how the hosts may
// differ. What was before it became worse teaches how they do.
func (c *comparison) against(b *belief, tolerated float64) float64 {
	now := c.done
	l, told := c.block.likelihood(tolerated)
	off, sum := 0.0, 0.0
	if told {
		l.limit(c.block.strange)
		now.add(&l)
		l, off = l.relative()
	}
	for k, alt := range worseBy() {
		likely, part := l[alt.steps-reach-lowest:], 0.0
		for i, v := range c.late[k] {
			if told {
				v *= likely[i]
			}
			part += v * b[i]
		}
		sum += alt.weight * part
	}
	null := now.nullOf(b)
	return bounded(logSum([]float64{math.Log(sum) + c.scale + off - null, math.Log(max(c.rest, 0))}))
}

// nullOf is the logarithm of the mean likelihood of a release that is as bad as tolerated.
func (g *grid) nullOf(b *belief) float64 {
	healthy := g[-reach-lowest:][:len(b)]
	most, sum := top(healthy), 0.0
	for i, v := range healthy {
		if b[i] > 0 {
			sum += b[i] * math.Exp(v-most)
		}
	}
	return math.Log(sum) + most
}

// now is the likelihood of everything so far.
func (c *comparison) now(tolerated float64) grid {
	now := c.plain
	if l, told := c.block.likelihood(tolerated); told {
		now.add(&l)
	}
	return now
}

// fromStart is the evidence against a release that was worse from the start, or never.
func (g grid) fromStart(b *belief) float64 {
	likely, off := g.relative()
	sum := 0.0
	for _, alt := range worseBy() {
		sum += alt.weight * b.average(&likely, alt.steps)
	}
	return bounded(logSum([]float64{math.Log(first*sum) + off - g.nullOf(b), math.Log(1 - first)}))
}

// favour is the evidence that the canary's rate is lower than e^(bound·step) times the tolerated one, as a logarithm.
func (g grid) favour(b *belief, bound int) float64 {
	likely, _ := g.relative()
	sum := 0.0
	for _, alt := range betterBy() {
		sum += alt.weight * b.average(&likely, bound+alt.steps)
	}
	return bounded(math.Log(sum) - math.Log(b.average(&likely, bound)))
}

func (g grid) times(c float64) grid {
	for i := range g {
		g[i] *= c
	}
	return g
}

// bounded keeps evidence within what can be shown: there is no need for more.
func bounded(log float64) float64 {
	const limit = 600
	if math.IsNaN(log) {
		return 0
	}
	return min(limit, max(-limit, log))
}

// logSum is ln(sum e^v), without overflow.
func logSum(logs []float64) float64 {
	most := top(logs)
	if math.IsInf(most, 0) {
		return most
	}
	sum := 0.0
	for _, v := range logs {
		sum += math.Exp(v - most)
	}
	return most + math.Log(sum)
}

// weighted is ln of the mean of e^v with weights that need not sum to 1; 0, which is
// no evidence, of none.
func weighted(logs, weights []float64) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return 0
	}
	parts := make([]float64, len(logs))
	for i, v := range logs {
		parts[i] = v + math.Log(weights[i]/sum)
	}
	return logSum(parts)
}

// logMean is ln of the mean of e^v; 0 of none.
func logMean(logs []float64) float64 {
	if len(logs) == 0 {
		return 0
	}
	return logSum(logs) - math.Log(float64(len(logs)))
}
