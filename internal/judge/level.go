package judge

import (
	"math"
	"time"
)

// What the canary is compared in.
const (
	sinceBefore  = iota // now against before the deploy
	asItIs              // now, when nothing is known of before
	sinceSettled        // now against five minutes after the warm-up, then too
	sinceHalf           // now against half the time
	ahead               // where it will be in half an hour if it goes on like that
	tests
)

// horizon is how far ahead growth is followed.
const horizon = int(30 * time.Minute / grain)

// several hosts beside the canary show at once how much they wander, fewer only after some minutes: nothing is held
// against a canary until one or the other is seen.
const several = 4

// compare is one look at where the canary's values lie beside the baseline's. Looks hang together, so each
// has its own share of what may go wrong, and what they win is added up and not multiplied.
func (g *level) compare(m Metric, spread float64) {
	known, onward := g.known(), float64(horizon)/float64(g.grains-g.half())
	var of [tests]sides
	for i := range g.hosts {
		h := &g.hosts[i]
		if h.arm != Canary && h.arm != Baseline {
			continue
		}
		for test, v := range g.values(h, m, known, onward) {
			if !math.IsNaN(v) {
				of[test].add(h.arm, v)
			}
		}
	}
	if known && g.looked == 0 {
		g.noise[sinceBefore].before = g.wanderedBefore(m)
	}
	now := g.wanderedNow(m)
	var found [tests]difference
	for test := range of {
		wandered := variance{now.of * times(test, onward), now.freedom}
		found[test] = of[test].compare(usually(test, spread, known, onward), &g.noise[test], wandered, g.grains-g.looked)
	}
	won := math.Log(unspent(g.looked) - unspent(g.grains))
	if now.freedom > 0 || known && of[sinceBefore].baseline.n >= several {
		won += against(&found, m)
	}
	if g.looked > 0 {
		won = logSum([]float64{g.won, won})
	}
	g.won = bounded(won)
	g.better = inFavour(&found, m, g.doubt())
}

func (g *level) half() int { return g.grains / 2 }

// known reports whether the canary's hosts are known from before the deploy, and some of the baseline's.
func (g *level) known() bool {
	baseline := false
	for i := range g.hosts {
		h := &g.hosts[i]
		switch {
		case len(h.past) == 0:
		case h.arm == Canary && h.early.all.n == 0:
			return false
		case h.arm == Baseline:
			baseline = baseline || h.early.all.n > 0
		}
	}
	return baseline
}

// values of a host for each test, NaN where it has none.
func (g *level) values(h *gaugeHost, m Metric, known bool, onward float64) (v [tests]float64) {
	at := func(n int) float64 {
		if value, ok := h.past.at(n); ok {
			return g.log(value, m)
		}
		return math.NaN()
	}
	now, level := at(g.grains), at(g.grains)
	v[sinceBefore], v[asItIs], v[sinceSettled] = math.NaN(), math.NaN(), math.NaN()
	switch {
	case known && h.early.all.n == 0:
		level = math.NaN() // it came later than the others
	case known:
		level -= g.log(h.early.all.value(), m)
		v[sinceBefore] = level
	case g.grains > settled:
		v[asItIs], v[sinceSettled] = level, now-at(settled)
	default:
		v[asItIs] = level
	}
	v[sinceHalf] = now - at(g.half())
	v[ahead] = level + v[sinceHalf]*onward
	return v
}

// usually is how much hosts differ by themselves in each test. Processes that begin anew are seldom quite where
// they were; how far they wander in some minutes is soon seen.
func usually(test int, spread float64, known bool, onward float64) usual {
	const anew, wander = 0.05, 0.02
	differ := usual{spread, 8, false}
	if known {
		differ = usual{anew, 3, true}
	}
	switch test {
	case sinceSettled:
		return usual{2 * anew, 2, true}
	case sinceHalf:
		return usual{wander, 2, false}
	case ahead:
		return usual{math.Hypot(differ.by, wander*onward), differ.counts, false}
	}
	return differ
}

// times is how many values of a host a test is from: so many times as much do they wander.
func times(test int, onward float64) float64 {
	switch test {
	case sinceSettled, sinceHalf:
		return 2
	case ahead:
		return (1+onward)*(1+onward) + onward*onward
	}
	return 1
}

// unspent is what is left after some grains of what may go wrong: half after ten minutes.
func unspent(grains int) float64 {
	const half = float64(10 * time.Minute / grain)
	return half / (float64(grains) + half)
}

// against is the evidence of one look that the canary lies above what is tolerated. Hosts of which nothing is known from
// before may differ: how the canary has changed since it settled is then as good a measure.
func against(found *[tests]difference, m Metric) float64 {
	limit := math.Log(m.WorseBy)
	if found[sinceBefore].ok {
		return found[sinceBefore].above(limit)
	}
	return logMean([]float64{found[asItIs].above(limit), found[sinceSettled].above(limit)})
}

// doubt is how far growth that is not seen may still be there: wholly after five minutes, not after fifteen.
func (g *level) doubt() float64 {
	return max(0, 1-float64(g.grains-settled)/float64(2*settled))
}

// inFavour is the evidence of one look that the canary lies below what may pass, now and in half an hour. There is none
// while it seems to grow to more than is tolerated by then.
func inFavour(found *[tests]difference, m Metric, doubt float64) float64 {
	level := found[asItIs]
	if found[sinceBefore].ok {
		level = found[sinceBefore]
	}
	grew, then := found[sinceHalf], found[ahead]
	grows := grew.by > 2*(1-doubt)*grew.sd && then.by+doubt*then.sd > math.Log(m.WorseBy)
	if !level.ok || !grew.ok || !then.ok || grows {
		return 0
	}
	limit := math.Log(m.PassBelow)
	return min(level.below(limit), then.below(limit))
}

// onItsWay reports whether a canary host will be beyond at_most if it grows on for as long as it has been
// watched, as fast as in the second half of that.
func (g *level) onItsWay(m Metric) bool {
	for i := range g.hosts {
		h := &g.hosts[i]
		now, ok := h.past.at(g.grains)
		then, had := h.past.at(g.half())
		if h.arm == Canary && ok && had && m.beyond(now+2*(now-then)) {
			return true
		}
	}
	return false
}
