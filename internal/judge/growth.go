package judge

import (
	"math"
	"slices"
)

// rankedOver is over how many grains a gauge's growth is ranked, three minutes: so long that a process which
// fills its caches within some minutes has mostly done so after one of them.
const rankedOver = 6

// growth is the ranks so far: what bets on the canary's growth ranking high, timid to bold, have won,
// as a logarithm.
type growth struct{ won [3]float64 }

// grown is one host's growth in a block.
type grown struct {
	last    float64 // from the block before
	all     float64 // from the first to the block before
	fastest float64 // from any block to the next before that
}

// grownIn is how a host grew from the block before to this one.
func (g *level) grownIn(h *gaugeHost, block int, m Metric) (out grown, ok bool) {
	values := make([]float64, 0, block+1)
	for b := range block + 1 {
		v, has := h.past.of(b*rankedOver, (b+1)*rankedOver)
		if !has {
			values = values[:0] // what was before a hole says nothing of growth
			continue
		}
		values = append(values, g.log(v, m))
	}
	n := len(values)
	if n < 2 {
		return out, false
	}
	out = grown{last: values[n-1] - values[n-2], all: values[n-2] - values[0]}
	for i := 1; i < n-1; i++ {
		out.fastest = max(out.fastest, values[i]-values[i-1])
	}
	return out, true
}

// rank bets on each canary host's growth ranking high among the baseline's in this block. If the release
// changes nothing, every rank is as likely as the others, and the bets win nothing on average.
func (g *level) rank(m Metric, block int) {
	if block < 2 {
		return // it has not grown before: no bet
	}
	var others, excess []float64
	for i := range g.hosts {
		h := &g.hosts[i]
		if h.arm != Baseline {
			continue
		}
		if grew, ok := g.grownIn(h, block, m); ok {
			others, excess = append(others, grew.last), append(excess, grew.all)
		}
	}
	if len(others) == 0 {
		return
	}
	slices.Sort(excess)
	var won [3]float64
	hosts := 0.0
	for i := range g.hosts {
		h := &g.hosts[i]
		grew, ok := g.grownIn(h, block, m)
		if !ok || h.arm != Canary {
			continue
		}
		hosts++
		wins := [3]float64{1, 1, 1} // it has not grown so far: no bet
		if grew.all-excess[len(excess)/2] >= 0.01 {
			wins = bets(asTolerated(grew.last, m, grew.fastest), others)
		}
		for j, e := range wins {
			won[j] += e
		}
	}
	for j := range won {
		if hosts > 0 {
			g.ranks.won[j] = bounded(g.ranks.won[j] + math.Log(won[j]/hosts))
		}
	}
}

// asTolerated takes off a canary's growth what is tolerated. A process that fills its caches grows fast and then
// less and less; a leak goes on: half of the fastest growth so far is taken off too.
func asTolerated(grown float64, m Metric, fastest float64) float64 {
	if grown > 0 {
		grown /= m.WorseBy
	}
	return grown - max(0, fastest)/(2*m.WorseBy)
}

// bets is what each bet wins on a value's rank among others: a power of the rank, divided by its
// mean over all ranks.
func bets(value float64, others []float64) [3]float64 {
	below := 0.0
	for _, o := range others {
		switch {
		case o < value:
			below++
		case o == value:
			below += 0.5
		}
	}
	var e [3]float64
	n := float64(len(others) + 1)
	for j, power := range [3]float64{1, 3, 6} {
		mean := 0.0
		for r := range len(others) + 1 {
			mean += math.Pow((float64(r)+0.5)/n, power) / n
		}
		e[j] = math.Pow((below+0.5)/n, power) / mean
	}
	return e
}
