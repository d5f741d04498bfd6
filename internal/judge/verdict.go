package judge

import (
	"math"
	"time"
)

// against is all metrics that count together. The weighted mean of e-values is an e-value however the
// metrics depend on each other. Counts, which are errors, weigh four times as much as the others.
func (s *State) against() float64 {
	var logs, weights []float64
	for _, k := range s.metrics {
		if k.DryRun {
			continue
		}
		weight := 1.0
		if k.Kind == Counts {
			weight = 4
		}
		logs, weights = append(logs, k.against), append(weights, weight)
	}
	return weighted(logs, weights)
}

func (s *State) alarmAt() float64 { return -math.Log(s.config.Alpha) }
func (s *State) passAt() float64  { return -math.Log(s.config.Beta) }

// missing says why nothing can be said of a metric; empty when something can.
func (s *State) missing(k *metric) string {
	what := k.Kind.what()
	switch {
	case k.gap != "" && s.at-k.since > s.config.Patience:
		return "no answer for " + words(s.at-k.since) + ": " + k.gap
	case k.oddity != "":
		return k.oddity
	case k.answers.heard == 0:
		return "nothing is known of the canary yet"
	case k.canary.Exposure == 0:
		return "the canary had no " + what
	case k.WorseBy > 0 && k.AtMost == 0 && !k.compared():
		return "no baseline had " + what + " to compare with: set at_most"
	case k.last > 0 && k.last-k.beside > max(s.config.Patience, 2*k.answers.apart) && k.baseline.Exposure > 0 && k.Kind != Gauge:
		return "no baseline had " + what + " to compare with for " + words(k.last-k.beside)
	case s.quiet(k) && s.mute(k):
		return "nothing was said of the canary for " + words(s.at-k.answers.last)
	case s.quiet(k):
		return "the canary had no " + what + " for " + words(s.at-k.last)
	}
	return ""
}

// compared reports whether there is a baseline.
func (k *metric) compared() bool {
	switch k.Kind {
	case Histogram:
		edge := k.shape.telling()
		return edge != nil && edge.stream.comparable()
	case Gauge:
		return k.baseline.Exposure > 0
	}
	return k.ratio.comparable()
}

// quiet reports whether the canary's requests have stopped: at the rate so far, at
// least twenty would have come by now. A gauge is quiet when it says nothing.
func (s *State) quiet(k *metric) bool {
	stopped := k.answers.last-k.last > s.config.Patience || s.mute(k)
	if !stopped || k.last <= 0 {
		return false
	}
	silence := s.at - k.last
	return k.Kind == Gauge || k.canary.Exposure/k.last.Seconds()*silence.Seconds() >= 20
}

// mute reports whether nothing at all is said of the canary any more. A source that
// answers once a minute is not mute in between.
func (s *State) mute(k *metric) bool {
	return s.at-k.answers.last > max(s.config.Patience, 2*k.answers.apart)
}

// what a kind of metric counts, for people.
func (k Kind) what() string {
	if k == Gauge {
		return "values"
	}
	return "requests"
}

// verdict of one metric by itself.
func (s *State) verdict(k *metric) Verdict {
	switch {
	case k.against >= s.alarmAt():
		return Fail
	case s.missing(k) != "":
		return NoData
	case k.against < s.passAt() && k.favour(s, 1) >= s.passAt():
		// What speaks against it may be a fault that has only just set in.
		return Pass
	}
	return Inconclusive
}

// Verdict is that of the Finding, without its reasons: those cost more to work out than the verdict.
func (s *State) Verdict() Verdict {
	if s.alarm != nil {
		return Fail
	}
	v := Pass
	for _, k := range s.metrics {
		if !k.DryRun {
			v = v.and(s.verdict(k))
		}
	}
	if v == Fail {
		return Inconclusive // one metric alone would do, all together do not yet
	}
	return v
}

// Failed reports whether the verdict is a fail, which stands.
func (s *State) Failed() bool { return s.alarm != nil }

// Finding puts together what is known now.
func (s *State) Finding() Finding { return s.finding(false) }

// End is the finding when no more looks will come: a pass or a fail that the
// evidence supports, else no data or inconclusive.
func (s *State) End(at time.Duration) Finding {
	s.at = max(s.at, at)
	return s.finding(true)
}

func (s *State) finding(ended bool) Finding {
	f := Finding{At: s.at, Against: s.against(), AlarmAt: s.alarmAt(), PassAt: s.passAt(), Strange: s.strange, Verdict: s.Verdict()}
	var counted []MetricFinding
	for _, k := range s.metrics {
		m := s.metricFinding(k)
		f.Metrics = append(f.Metrics, m)
		if !m.DryRun {
			counted = append(counted, m)
		}
	}
	if s.alarm != nil {
		f.Against, f.Since = max(f.Against, s.alarm.against), s.alarm.at
	}
	f.Reason = s.reason(f, counted, ended)
	return f
}

// and is the verdict on two metrics: what holds a rollout up comes first.
func (v Verdict) and(w Verdict) Verdict {
	for _, first := range []Verdict{Fail, NoData, Inconclusive} {
		if v == first || w == first {
			return first
		}
	}
	return Pass
}

// Ends reports whether a bake ends with this finding: at a fail, at a pass after
// the shortest time, and at the longest time whatever the finding is.
func (f Finding) Ends(least, most time.Duration) bool {
	switch f.Verdict {
	case Fail:
		return true
	case Pass:
		return f.At >= least
	}
	return f.At >= most
}
