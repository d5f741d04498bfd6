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
		text += fmt.Sprintf("; %d samples were left out: not usable", s.Strange)
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
	text := "canary " + f.Canary.words(m.Kind)
	if m.WorseBy > 0 {
		text += ", " + k.versus(m.Kind) + " " + f.Baseline.words(m.Kind)
	}
	if f.Edge > 0 {
		text += fmt.Sprintf(" slower than %s", number(f.Edge*m.WorseBy))
		if m.WorseBy != 1 {
			text += " and " + number(f.Edge)
		}
	}
	text += ": " + s.conclusion(m, k, f)
	if f.Outlier != "" {
		text += "; " + f.Outlier + " stands out"
	}
	return text
}

// versus names what the canary is compared with.
func (k MetricState) versus(kind Kind) string {
	if kind == Counts && !k.Ratio.Ever && k.Ratio.Before[0].Exposure > 0 {
		return "before"
	}
	return "baseline"
}

// conclusion says what the numbers amount to.
func (s State) conclusion(m Metric, k MetricState, f MetricFinding) string {
	switch f.Verdict {
	case Fail:
		return "worse than " + limits(m) + ", evidence " + odds(f.Against) + " to 1"
	case Pass:
		if m.Kind == Counts && m.WorseBy > 0 && k.surelySmall(m, s.Config) {
			return fmt.Sprintf("surely below %s, evidence %s to 1", percent(m.Negligible), odds(f.For))
		}
		return fmt.Sprintf("not worse than %s, evidence %s to 1", limits(m), odds(f.For))
	}
	text := "not decided, evidence against it " + odds(f.Against) + " to 1, for it " + odds(f.For) + " to 1"
	switch {
	case m.Kind == Gauge:
		return text
	case f.More == 0:
		return text + ", and at these rates more requests would not decide"
	}
	return text + fmt.Sprintf(", about %s more canary requests needed (%s)", strconv.FormatFloat(f.More, 'f', -1, 64), f.MoreTime)
}

// surelySmall reports whether it passes for being too little to matter, more than for the ratio.
func (k MetricState) surelySmall(m Metric, c Config) bool {
	_, better := k.Ratio.beliefs(c.Spread)
	return !k.Ratio.comparable() || k.Small.favour(alike(), 1) > k.Ratio.Mild.favour(better, m.WorseBy)
}

// limits is what a metric tolerates, in the words of the manifest.
func limits(m Metric) string {
	var parts []string
	if m.WorseBy > 0 {
		parts = append(parts, fmt.Sprintf("%.3g times the baseline", m.WorseBy))
	}
	switch {
	case m.AtMost == 0:
	case m.Kind == Counts:
		parts = append(parts, percent(m.AtMost))
	case m.Kind == Histogram:
		parts = append(parts, percent(tail)+" above "+number(m.AtMost))
	default:
		parts = append(parts, number(m.AtMost))
	}
	return strings.Join(parts, " and ")
}

func (r Rate) words(kind Kind) string {
	switch {
	case r.Exposure == 0:
		return "without " + kind.what()
	case kind == Gauge:
		return fmt.Sprintf("%s (%s to %s)", number(r.Value), number(r.Low), number(r.High))
	}
	return fmt.Sprintf("%s (%.0f of %.0f; %s to %s)", percent(r.Value), r.Events, r.Exposure, percent(r.Low), percent(r.High))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

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
