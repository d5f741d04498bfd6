package judge

import (
	"math"
	"time"
)

// against is the evidence that a metric is worse than tolerated, as a logarithm:
// the mean over its ratio and its guard, whichever it has.
func (k MetricState) against(m Metric) float64 {
	var logs []float64
	if m.WorseBy > 0 {
		logs = append(logs, k.Ratio.log())
	}
	if m.AtMost > 0 {
		logs = append(logs, k.Guard.log())
	}
	return logMean(logs)
}

// favour is the evidence that a metric is not worse: that it is below the ratio or too
// small to matter, and below the guard. The weaker of the two counts.
func (k MetricState) favour(m Metric) float64 {
	f := math.Inf(1)
	if m.WorseBy > 0 {
		f = logMean([]float64{k.NotWorse.log(), k.Small.log()})
	}
	if m.AtMost > 0 {
		f = min(f, k.Within.log())
	}
	return f
}

// against is all metrics that count together. The mean of e-values is an e-value
// however the metrics depend on each other.
func (s State) against() float64 {
	var logs []float64
	for i, m := range s.Config.Metrics {
		if !m.DryRun {
			logs = append(logs, s.Metrics[i].against(m))
		}
	}
	return logMean(logs)
}

func (s State) alarmAt() float64 { return -math.Log(s.Config.Alpha) }
func (s State) passAt() float64  { return -math.Log(s.Config.Beta) }

// missing says why nothing can be said of a metric; empty when something can.
func (s State) missing(i int) string {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	switch {
	case s.Gap != "" && s.At-s.Since > s.Config.Patience:
		return "no answer for " + span(s.At-s.Since) + ": " + s.Gap
	case k.Canary.Exposure == 0:
		return "the canary had no requests"
	case m.WorseBy > 0 && m.AtMost == 0 && k.Baseline.Exposure == 0:
		return "no baseline had requests to compare with: set at_most"
	case s.quiet(k):
		return "the canary had no requests for " + span(s.At-k.Last)
	}
	return ""
}

// quiet reports whether the canary's requests have stopped: at the rate so far, at
// least twenty would have come by now.
func (s State) quiet(k MetricState) bool {
	silence := s.At - k.Last
	return silence > s.Config.Patience && k.Last > 0 &&
		k.Canary.Exposure/k.Last.Seconds()*silence.Seconds() >= 20
}

// verdict of one metric by itself.
func (s State) verdict(i int) Verdict {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	against := k.against(m)
	switch {
	case against >= s.alarmAt():
		return Fail
	case s.missing(i) != "":
		return NoData
	case k.favour(m) >= s.passAt() && against < s.passAt():
		// What speaks against it may be a fault that has only just set in.
		return Pass
	}
	return Inconclusive
}

// finding puts together what is known now.
func (s State) finding(ended bool) Finding {
	f := Finding{At: s.At, Against: s.against(), Strange: s.Strange, Verdict: Pass}
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
		f.Verdict, f.Against = Fail, max(f.Against, s.Alarm.Against)
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
