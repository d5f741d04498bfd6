package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// reason is a finding in one line: the metrics that made it what it is.
func (s State) reason(f Finding, counted []MetricFinding, ended bool) string {
	if len(counted) == 0 {
		return "no metric counts: all are dry run"
	}
	var parts []string
	for _, m := range deciding(f, counted) {
		parts = append(parts, m.Name+": "+m.Reason)
	}
	text := strings.Join(parts, "; ")
	switch {
	case f.Verdict == Fail && s.Alarm != nil && s.Alarm.At < s.At:
		text += fmt.Sprintf(" (found at %s)", span(s.Alarm.At))
	case f.Verdict == Inconclusive && ended:
		text = fmt.Sprintf("not decided after %s: %s", span(s.At), text)
	}
	if s.Strange > 0 {
		text += fmt.Sprintf("; %d samples were left out: not counts", s.Strange)
	}
	return text
}

// deciding is the metrics that the verdict comes from; for a fail the one with most evidence.
func deciding(f Finding, counted []MetricFinding) []MetricFinding {
	if f.Verdict == Fail {
		worst := counted[0]
		for _, m := range counted {
			if m.Against > worst.Against {
				worst = m
			}
		}
		return []MetricFinding{worst}
	}
	var found []MetricFinding
	for _, m := range counted {
		if m.Verdict == f.Verdict || m.Verdict == Fail {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return counted
	}
	return found
}

func (s State) metricReason(i int, f MetricFinding) string {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	if why := s.missing(i); why != "" && f.Verdict == NoData {
		return why
	}
	text := "canary " + f.Canary.words()
	if m.WorseBy > 0 {
		text += ", baseline " + f.Baseline.words()
	}
	text += ": " + s.conclusion(m, k, f)
	if f.Outlier != "" {
		text += "; " + f.Outlier + " stands out"
	}
	return text
}

// conclusion says what the numbers amount to.
func (s State) conclusion(m Metric, k MetricState, f MetricFinding) string {
	switch f.Verdict {
	case Fail:
		return "worse than " + limits(m) + ", evidence " + odds(f.Against) + " to 1"
	case Pass:
		if m.WorseBy > 0 && k.Small.log() > k.NotWorse.log() {
			return fmt.Sprintf("surely below %s, evidence %s to 1", percent(m.Negligible), odds(f.For))
		}
		return fmt.Sprintf("not worse than %s, evidence %s to 1", limits(m), odds(f.For))
	}
	text := "not decided, evidence against it " + odds(f.Against) + " to 1, for it " + odds(f.For) + " to 1"
	if f.More == 0 {
		return text + ", and at these rates more requests would not decide"
	}
	return text + fmt.Sprintf(", about %s more canary requests needed", strconv.FormatFloat(f.More, 'f', -1, 64))
}

// limits is what a metric tolerates, in the words of the manifest.
func limits(m Metric) string {
	var parts []string
	if m.WorseBy > 0 {
		parts = append(parts, fmt.Sprintf("%.3g times the baseline", m.tolerated()))
	}
	if m.AtMost > 0 {
		parts = append(parts, percent(m.AtMost))
	}
	return strings.Join(parts, " and ")
}

func (r Rate) words() string {
	if r.Exposure == 0 {
		return "without requests"
	}
	return fmt.Sprintf("%s (%.0f of %.0f; %s to %s)", percent(r.Events/r.Exposure), r.Events, r.Exposure, percent(r.Low), percent(r.High))
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + " %" }

// odds is the evidence of a logarithm as a number that can be read.
func odds(log float64) string {
	v := math.Exp(log)
	switch {
	case v > 1e9:
		return "over 1000000000"
	case v < 0.01:
		return "under 0.01"
	case v >= 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func span(d time.Duration) string { return d.Round(time.Second).String() }
