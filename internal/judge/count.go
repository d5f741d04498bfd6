package judge

import "time"

// take adds a tick's samples to everything that is known of a metric.
func (k MetricState) take(s State, m Metric, samples []Sample, began time.Duration) MetricState {
	switch m.Kind {
	case Histogram:
		return k.takeHistogram(s, m, samples, began)
	case Gauge:
		return k.takeGauge(s, m, samples)
	}
	var l look
	for _, sample := range samples {
		l = l.with(sample.Arm, sample.Host, Count{sample.Events, sample.Exposure})
	}
	k = k.total(l, s.At)
	if m.WorseBy > 0 {
		k.Ratio = k.Ratio.take(l, s.Config, began, s.At, m.WorseBy)
	} else {
		k.Ratio = k.Ratio.learn(l.calm())
	}
	if len(l.canary) > 0 {
		k.Small = k.Ratio.alone(k.Small, l, s.Config, s.At, m.Negligible, k.Ratio.mildBlock)
		if m.AtMost > 0 {
			k.Guard = k.Ratio.alone(k.Guard.begin(began, s.Config.Fresh), l, s.Config, s.At, m.AtMost, k.Ratio.mildBlock)
		}
	}
	if len(l.canary) > 0 {
		k.Against, k.For = k.weighCount(m, s.Config)
	}
	return k
}

func (l look) with(arm Arm, host string, c Count) look {
	h := HostCount{host, c}
	switch arm {
	case Canary:
		l.canary = append(l.canary, h)
	case Baseline:
		l.baseline = append(l.baseline, h)
	case CanaryBefore:
		l.before[0] = append(l.before[0], h)
	case BaselineBefore:
		l.before[1] = append(l.before[1], h)
	}
	return l
}

// total adds up what people are shown.
func (k MetricState) total(l look, at time.Duration) MetricState {
	canary := total(l.canary)
	k.Canary, k.Baseline = k.Canary.plus(canary), k.Baseline.plus(total(l.baseline))
	if len(l.canary) > 0 {
		k.Hosts = mergeHosts(k.Hosts, l.canary)
	}
	if canary.Exposure > 0 {
		k.Last = at
	}
	return k
}

// weighCount is the evidence of a count. Against it: that it is above the tolerated ratio, or
// above the guard; the mean of the two. For it: that it is below the ratio or too
// small to matter, and below the guard; the weaker counts.
func (k MetricState) weighCount(m Metric, c Config) (against, favour float64) {
	var logs []float64
	inFavour := bounded(1e9)
	if m.WorseBy > 0 && k.Ratio.comparable() {
		worse, better := k.Ratio.beliefs(c.Spread)
		logs = append(logs, k.Ratio.against(worse, m.WorseBy))
		inFavour = logMean([]float64{k.Ratio.Mild.favour(better, m.WorseBy), k.Small.favour(alike(), 1)})
	}
	if m.AtMost > 0 {
		logs = append(logs, k.Guard.against(alike(), 1))
		inFavour = min(inFavour, k.Guard.favour(alike(), 1))
	}
	if len(logs) == 0 {
		return 0, 0
	}
	return logMean(logs), inFavour
}

// comparable reports whether there is something to compare the canary with.
func (s Stream) comparable() bool { return s.Ever || s.Before[0].Exposure > 0 }
