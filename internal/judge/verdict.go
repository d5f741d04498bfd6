package judge

import (
	"math"
	"time"
)

// against is all metrics that count together. The mean of e-values is an e-value
// however the metrics depend on each other.
func (s State) against() float64 {
	var logs []float64
	for i, m := range s.Config.Metrics {
		if !m.DryRun {
			logs = append(logs, s.Metrics[i].Against)
		}
	}
	return logMean(logs)
}

func (s State) alarmAt() float64 { return -math.Log(s.Config.Alpha) }
func (s State) passAt() float64  { return -math.Log(s.Config.Beta) }

// missing says why nothing can be said of a metric; empty when something can.
func (s State) missing(i int) string {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	what := m.Kind.what()
	switch {
	case k.Gap != "" && s.At-k.Since > s.Config.Patience:
		return "no answer for " + span(s.At-k.Since) + ": " + k.Gap
	case k.Oddity != "":
		return k.Oddity
	case k.Canary.Exposure == 0:
		return "the canary had no " + what
	case m.WorseBy > 0 && m.AtMost == 0 && !k.compared(m.Kind):
		return "no baseline had " + what + " to compare with: set at_most"
	case s.quiet(m, k):
		return "the canary had no " + what + " for " + span(s.At-k.Last)
	}
	return ""
}

// compared reports whether there is a baseline.
func (k MetricState) compared(kind Kind) bool {
	switch kind {
	case Histogram:
		edge, found := k.Shape.telling()
		return found && edge.Stream.comparable()
	case Gauge:
		return k.Baseline.Exposure > 0
	}
	return k.Ratio.comparable()
}

// quiet reports whether the canary's requests have stopped: at the rate so far, at
// least twenty would have come by now. A gauge is quiet when it says nothing.
func (s State) quiet(m Metric, k MetricState) bool {
	silence := s.At - k.Last
	if silence <= s.Config.Patience || k.Last <= 0 {
		return false
	}
	return m.Kind == Gauge || k.Canary.Exposure/k.Last.Seconds()*silence.Seconds() >= 20
}

// what a kind of metric counts, for people.
func (k Kind) what() string {
	if k == Gauge {
		return "values"
	}
	return "requests"
}

// verdict of one metric by itself.
func (s State) verdict(i int) Verdict {
	k := s.Metrics[i]
	switch {
	case k.Against >= s.alarmAt():
		return Fail
	case s.missing(i) != "":
		return NoData
	case k.For >= s.passAt() && k.Against < s.passAt():
		// What speaks against it may be a fault that has only just set in.
		return Pass
	}
	return Inconclusive
}

// finding puts together what is known now.
func (s State) finding(ended bool) Finding {
	f := Finding{At: s.At, Against: s.against(), AlarmAt: s.alarmAt(), Strange: s.Strange, Verdict: Pass}
	var counted []MetricFinding
	for i := range s.Config.Metrics {
		m := s.metricFinding(i)
		f.Metrics = append(f.Metrics, m)
		if !m.DryRun {
			counted = append(counted, m)
			f.Verdict = f.Verdict.and(m.Verdict)
		}
	}
	switch {
	case s.Alarm != nil:
		f.Verdict, f.Against, f.Since = Fail, max(f.Against, s.Alarm.Against), s.Alarm.At
	case f.Verdict == Fail:
		// One metric alone would do, all together do not yet.
		f.Verdict = Inconclusive
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
