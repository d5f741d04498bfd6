package judge

import "math"

// compare is one look at where the canary's values lie beside the baseline's: after 30 seconds, 1
// minute, and then whenever a quarter more time has passed. Looks hang together, so each has its own share
// of what may go wrong, and what they win is added up and not multiplied.
func (g *level) compare(m Metric, s *State) {
	g.looked++
	share := math.Log(1 / (float64(g.looked) * float64(g.looked+1)))
	if d, sd, freedom, ok := g.distance(s.config.Spread); ok {
		g.worse = append(g.worse, share+studentOdds(d-math.Log(m.WorseBy), sd, freedom))
	}
	if d, sd, freedom, ok := g.grown(); ok {
		g.better = share + studentOdds(math.Log(m.PassBelow)-d, sd, freedom)
	}
	for i := range g.hosts {
		g.hosts[i].now = mean{}
	}
}

// distance is how much higher the canary's values lie than the baseline's: against the time before the deploy
// when that is known of all hosts, else as they are.
func (g *level) distance(spread float64) (d, sd, freedom float64, ok bool) {
	early := true
	for i := range g.hosts {
		h := &g.hosts[i]
		if (h.arm == Canary || h.arm == Baseline) && h.now.n > 0 && h.early.n == 0 {
			early = false
		}
	}
	if early {
		return g.between(usualChange/2, known, func(h *gaugeHost) float64 { return h.now.value() - h.early.value() })
	}
	return g.between(spread, guessed, func(h *gaugeHost) float64 { return h.now.value() })
}

// usualChange is by how much a host's gauge changes by itself beside the others', half as much when all are known
// from before. It counts as much as one host then, else as four.
const (
	usualChange = 0.1
	known       = 1
	guessed     = 4
)

// grown is how much more the canary's values grew than the baseline's: since before the deploy when that is
// known, else since the first value.
func (g *level) grown() (d, sd, freedom float64, ok bool) {
	return g.between(usualChange, guessed, func(h *gaugeHost) float64 {
		if h.early.n > 0 {
			return h.now.value() - h.early.value()
		}
		return h.now.value() - h.first
	})
}

// between compares the arms' means, with the error that the baseline's hosts show and what is usual.
func (g *level) between(usual, prior float64, value func(*gaugeHost) float64) (d, sd, freedom float64, ok bool) {
	var canary, baseline mean
	for i := range g.hosts {
		h := &g.hosts[i]
		switch {
		case h.now.n == 0:
		case h.arm == Canary:
			canary = canary.with(value(h))
		case h.arm == Baseline:
			baseline = baseline.with(value(h))
		}
	}
	if canary.n == 0 || baseline.n == 0 {
		return 0, 0, 0, false
	}
	squares := usual * usual * prior
	for i := range g.hosts {
		if h := &g.hosts[i]; h.arm == Baseline && h.now.n > 0 {
			e := value(h) - baseline.value()
			squares += e * e
		}
	}
	freedom = prior + baseline.n - 1
	sd = math.Sqrt(squares/freedom) * math.Sqrt(1/canary.n+1/baseline.n)
	return canary.value() - baseline.value(), sd, freedom, true
}

// studentOdds is how much likelier a distance is when there is a difference than when there
// is none, as a logarithm, averaged over differences of 1.2 to 10 times.
func studentOdds(d, sd, freedom float64) float64 {
	density := func(x float64) float64 { return -(freedom + 1) / 2 * math.Log1p(x*x/(sd*sd*freedom)) }
	var logs [6]float64
	for i, shift := range [6]float64{0.2, 0.4, 0.7, 1.1, 1.6, 2.3} {
		logs[i] = density(d-shift) - density(d)
	}
	return bounded(logMean(logs[:]))
}

// certain is evidence of what was seen with one's own eyes.
const certain = 20

// evidence against a gauge: that it grows, and that it lies higher. A host that
// has been beyond at_most for as long as the judge's patience is no matter of chance.
func (g *level) evidence(m Metric, s *State) float64 {
	if g.over > 0 && s.at-g.over >= s.config.Patience {
		return certain - math.Log(s.config.Alpha)
	}
	if m.WorseBy == 0 {
		return 0
	}
	worse := math.Inf(-1)
	if len(g.worse) > 0 {
		worse = logSum(g.worse)
	}
	return logSum([]float64{logMean(g.ranks.won[:]) - math.Ln2, worse - math.Ln2})
}

// favour is the evidence that a gauge is good enough: at the last look at the level it was surely lower.
// It says nothing of a leak that has not grown yet.
func (g *level) favour(m Metric, s *State) float64 {
	switch {
	case g.over > 0:
		return 0
	case m.WorseBy > 0:
		return g.better
	case !s.config.warming(Gauge, s.at-s.config.Patience):
		return certain
	}
	return 0
}
