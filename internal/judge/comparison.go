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
	// late is the logarithm of the likelihood of a release that became worse by an alternative, for each way in which the
	// hosts may differ, added up over when it did, each time with its weight. What is far from the truth sinks too low for
	// anything but logarithms.
	late  [tried][2*reach + 1]float64
	begun bool
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
	if !c.begun {
		c.begun, c.rest = true, 1
		for k := range c.late {
			for i := range c.late[k] {
				c.late[k][i] = math.Inf(-1)
			}
		}
	}
	log := math.Log(weight)
	for i := range c.late[0] {
		v := log + c.done[i-reach-lowest]
		for k := range c.late {
			c.late[k][i] = logAdd(c.late[k][i], v)
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
		rest := c.rest
		if !c.begun {
			rest = 1
		}
		c.start(max(0, rest-weightOfLater(now.began)))
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
	strange := c.block.unusual()
	c.block = block{}
	if !told {
		return
	}
	c.plain.add(&l)
	l.limit(strange)
	c.done.add(&l)
	for k, alt := range worseBy() {
		likely := l[alt.steps-reach-lowest:]
		for i := range c.late[k] {
			c.late[k][i] += likely[i]
		}
	}
}

// against is the evidence that the canary is worse than tolerated, as a logarithm: the likelihood of a release
// that became worse at some time to that of one that never did, both averaged over how the hosts may
// differ. What was before it became worse teaches how they do.
func (c *comparison) against(b *belief, tolerated float64) float64 {
	now := c.done
	l, told := c.block.likelihood(tolerated)
	if told {
		l.limit(c.block.unusual())
		now.add(&l)
	}
	var worse [tried * len(c.late[0])]float64
	hosts := b.logs()
	for k, alt := range worseBy() {
		likely, weight, part := l[alt.steps-reach-lowest:], math.Log(alt.weight), worse[k*len(hosts):]
		for i, v := range c.late[k] {
			part[i] = v + likely[i] + hosts[i] + weight // a block that tells nothing is 0 everywhere
		}
	}
	return bounded(logSum([]float64{logSum(worse[:]) - now.mean(b, 0), math.Log(max(c.rest, 0))}))
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
	var worse [tried]float64
	for k, alt := range worseBy() {
		worse[k] = math.Log(first*alt.weight) + g.mean(b, alt.steps)
	}
	return bounded(logSum([]float64{logSum(worse[:]) - g.mean(b, 0), math.Log(1 - first)}))
}

// favour is the evidence that the canary's rate is lower than e^(bound·step) times the tolerated one, as a logarithm.
func (g grid) favour(b *belief, bound int) float64 {
	var better [triedBetter]float64
	for k, alt := range betterBy() {
		better[k] = math.Log(alt.weight) + g.mean(b, bound+alt.steps)
	}
	return bounded(logSum(better[:]) - g.mean(b, bound))
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

// logAdd is ln(e^a + e^b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
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
