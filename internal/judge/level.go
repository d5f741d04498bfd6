package judge

import "math"

// compare is one look at where the canary's values lie beside the baseline's: after 30 seconds, 1
// minute, 2, 4, ... Looks hang together, so each has its own share of what may go wrong, and what
// they win is added up and not multiplied.
func (g Level) compare(m Metric, s State) Level {
	g.Looked++
	share := math.Log(1 / (float64(g.Looked) * float64(g.Looked+1)))
	if d, sd, freedom, ok := g.distance(s.Config.Spread); ok {
		d -= math.Log(m.WorseBy)
		g.Worse = append(append([]float64(nil), g.Worse...), share+studentOdds(d, sd, freedom))
	}
	if d, sd, freedom, ok := g.growth(); ok {
		d -= math.Log(m.WorseBy)
		g.Better = append(append([]float64(nil), g.Better...), share+studentOdds(-d, sd, freedom))
	}
	for i := range g.Hosts {
		g.Hosts[i].Now = Mean{}
	}
	return g
}

// distance is how much higher the canary's values lie than the baseline's: against the time before the deploy
// when that is known of all hosts, else as they are.
func (g Level) distance(spread float64) (d, sd, freedom float64, ok bool) {
	early := true
	for _, h := range g.Hosts {
		if (h.Arm == Canary || h.Arm == Baseline) && h.Now.N > 0 && h.Early.N == 0 {
			early = false
		}
	}
	usual := spread
	if early {
		usual = 0.1
	}
	return g.between(usual, func(h GaugeHost) float64 {
		if early {
			return h.Now.value() - h.Early.value()
		}
		return h.Now.value()
	})
}

// growth is how much more the canary's values grew than the baseline's: since before the deploy when that is
// known, else since the first value.
func (g Level) growth() (d, sd, freedom float64, ok bool) {
	return g.between(0.1, func(h GaugeHost) float64 {
		if h.Early.N > 0 {
			return h.Now.value() - h.Early.value()
		}
		return h.Now.value() - h.First
	})
}

// between compares the arms' means, with the error that the baseline's hosts show and
// what is usual, which counts as much as four hosts.
func (g Level) between(usual float64, value func(GaugeHost) float64) (d, sd, freedom float64, ok bool) {
	const prior = 4
	var canary, baseline Mean
	for _, h := range g.Hosts {
		switch {
		case h.Now.N == 0:
		case h.Arm == Canary:
			canary = canary.with(value(h))
		case h.Arm == Baseline:
			baseline = baseline.with(value(h))
		}
	}
	if canary.N == 0 || baseline.N == 0 {
		return 0, 0, 0, false
	}
	squares := usual * usual * prior
	for _, h := range g.Hosts {
		if h.Arm == Baseline && h.Now.N > 0 {
			e := value(h) - baseline.value()
			squares += e * e
		}
	}
	freedom = prior + baseline.N - 1
	sd = math.Sqrt(squares/freedom) * math.Sqrt(1/canary.N+1/baseline.N)
	return canary.value() - baseline.value(), sd, freedom, true
}

// studentOdds is how much likelier a distance is when there is a difference than when there
// is none, as a logarithm, averaged over differences of 1.2 to 10 times.
func studentOdds(d, sd, freedom float64) float64 {
	density := func(x float64) float64 { return -(freedom + 1) / 2 * math.Log1p(x*x/(sd*sd*freedom)) }
	var logs []float64
	for _, shift := range []float64{0.2, 0.4, 0.7, 1.1, 1.6, 2.3} {
		logs = append(logs, density(d-shift)-density(d))
	}
	return bounded(logMean(logs))
}

// evidence of a gauge: that it grows, at several lengths of time, and that it lies higher. A host that
// has been beyond at_most for as long as the judge's patience is no matter of chance.
func (g Level) evidence(m Metric, s State) (against, favour float64) {
	const certain = 20
	over := g.Over > 0 && s.At-g.Over >= s.Config.Patience
	if over {
		return certain - math.Log(s.Config.Alpha), -certain
	}
	if m.WorseBy == 0 {
		if m.AtMost > 0 && g.Over == 0 && s.At > s.Config.Warmup+s.Config.Patience {
			return 0, certain
		}
		return 0, 0
	}
	var grows []float64
	for _, b := range g.Blocks {
		for _, won := range b.Won {
			grows = append(grows, won)
		}
	}
	worse, favour := math.Inf(-1), 0.0
	if len(g.Worse) > 0 {
		worse = logSum(g.Worse)
	}
	if len(g.Better) > 0 {
		favour = logSum(g.Better)
	}
	if m.AtMost > 0 && g.Over > 0 {
		favour = min(favour, 0)
	}
	return logSum([]float64{logMean(grows) - math.Ln2, worse - math.Ln2}), favour
}
