package judge

import (
	"math"
	"time"
)

// take adds a tick's samples to everything that is known of a metric.
func (k *metric) take(s *State, samples []Sample, began, span time.Duration) {
	switch k.Kind {
	case Histogram:
		k.takeHistogram(s, samples, began, span)
		return
	case Gauge:
		k.takeGauge(s, samples)
		return
	}
	if len(samples) == 0 {
		return
	}
	k.look.reset(len(k.roster.names))
	for i := range samples {
		sample := &samples[i]
		k.look.note(k.roster.of(sample.Host, i), sample.Arm, Count{sample.Events, sample.Exposure})
	}
	k.total(s.at)
	now := s.moment(k.Metric, began, span, k.WorseBy)
	k.weighGuard(now, k.AtMost)
	if k.WorseBy > 0 {
		k.ratio.take(&k.look, now)
	} else {
		k.ratio.learn(&k.look, span)
	}
	k.against = k.evidence(k.ratio.against)
}

// moment is what this look is weighed by.
func (s *State) moment(m Metric, began, span time.Duration, tolerated float64) moment {
	return moment{began: began, at: s.at, span: span, warmup: s.config.warming(m.Kind, s.at), tolerated: tolerated, spread: s.config.Spread}
}

// weighGuard compares the canary's count with a rate that is given; the stream tells how errors hang together.
func (k *metric) weighGuard(now moment, rate float64) {
	if k.AtMost == 0 || !k.look.has(Canary) {
		return
	}
	now.tolerated = 1
	k.guard.add(k.look.total(Canary), Count{}, now, func() block {
		b := k.ratio.next(k.ratio.shown(), 1)
		b.alone, b.rate, b.strange = true, rate, 0 // a limit is one for what is strange, too
		return b
	})
}

// evidence is the mean of that against the ratio and that against the guard.
func (k *metric) evidence(ratio float64) float64 {
	hosts := alike()
	switch {
	case k.AtMost == 0:
		return ratio
	case k.WorseBy == 0:
		return k.guard.against(&hosts, 1)
	}
	return logMean([]float64{ratio, k.guard.against(&hosts, 1)})
}

// total adds up what people are shown.
func (k *metric) total(at time.Duration) {
	canary, baseline := k.look.total(Canary), k.look.total(Baseline)
	k.canary, k.baseline = k.canary.plus(canary), k.baseline.plus(baseline)
	for len(k.hosts) < len(k.look.arms) {
		k.hosts = append(k.hosts, Count{})
	}
	for i, arm := range k.look.arms {
		if arm == Canary {
			k.hosts[i] = k.hosts[i].plus(k.look.counts[i])
		}
	}
	if canary.Exposure > 0 {
		k.last = at
	}
	if baseline.Exposure > 0 {
		k.beside = at
	}
}

// passBound is how far above what is tolerated a canary may be that passes, in steps.
func (m Metric) passBound() int { return int(math.Round(math.Log(m.PassBelow/m.WorseBy) / step)) }

// favour is the evidence that the canary is good enough, as a logarithm, if everything had been seen
// factor times over: a count's that it is below the ratio that passes or too small to matter, and below
// the guard; the weaker counts.
func (k *metric) favour(s *State, factor float64) float64 {
	c := s.config
	switch k.Kind {
	case Gauge:
		return k.level.favour(k.Metric, s)
	case Histogram:
		return k.favourHistogram(c, factor)
	}
	favour := bounded(1e9)
	if k.WorseBy > 0 && k.ratio.comparable() {
		ratio := k.ratio.all.favour(&k.ratio, c.Spread, k.WorseBy, k.passBound(), factor)
		favour = logMean([]float64{ratio, k.small(factor)})
	}
	return min(favour, k.favourGuard(factor))
}

// favourGuard is the evidence that the canary is below the guard, if it has one.
func (k *metric) favourGuard(factor float64) float64 {
	if k.AtMost == 0 {
		return bounded(1e9)
	}
	hosts := alike()
	return k.guard.now(1).times(factor).favour(&hosts, 0)
}

// small is the evidence that the canary's rate is too small to matter. Errors that come in bursts
// count for as many fewer.
func (k *metric) small(factor float64) float64 {
	dispersion, _ := k.ratio.shown().long()
	var g grid
	for i := range g {
		theta := float64(lowest+i) * step
		g[i] = factor * (k.canary.Events*theta - k.canary.Exposure*k.Negligible*math.Exp(theta)) / dispersion
	}
	hosts := alike()
	return g.favour(&hosts, 0)
}
