package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/duration"
)

// reason is a finding in one line: the metrics that made it what it is.
func (s *State) reason(f Finding, counted []MetricFinding, ended bool) string {
	if len(counted) == 0 {
		return "no metric counts: all are dry run"
	}
	var parts []string
	for _, m := range deciding(f, counted) {
		parts = append(parts, m.Name+": "+m.Reason)
	}
	text := strings.Join(parts, "; ")
	switch {
	case f.Verdict == Fail && s.alarm != nil && s.alarm.at < s.at:
		text += fmt.Sprintf(" (found at %s)", words(s.alarm.at))
	case f.Verdict == Inconclusive && ended:
		text = fmt.Sprintf("after %s: %s", words(s.at), text)
	}
	if s.strange > 0 {
		text += fmt.Sprintf("; %d samples were left out: not usable", s.strange)
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

func (s *State) metricReason(k *metric, f MetricFinding) string {
	if why := s.missing(k); why != "" && f.Verdict == NoData {
		if k.gap != "" && !strings.HasSuffix(why, k.gap) {
			why += ", and no answer at the last look: " + k.gap
		}
		return why
	}
	text := "canary " + f.Canary.words(k.Kind)
	if k.WorseBy > 0 && k.compared() {
		text += ", " + k.versus() + " " + f.Baseline.words(k.Kind)
	}
	if f.Edge > 0 {
		text += " " + k.slower(f.Edge)
	}
	text += ": " + s.conclusion(k, f)
	if f.Outlier != "" {
		text += "; " + f.Outlier + " stands out"
	}
	return text
}

// slower names the edge that the rates are of: the canary's is worse_by times the baseline's.
func (k *metric) slower(edge float64) string {
	if k.WorseBy == 1 || !k.compared() {
		return "slower than " + number(edge*k.WorseBy)
	}
	return fmt.Sprintf("slower than %s (canary) and %s (%s)", number(edge*k.WorseBy), number(edge), k.versus())
}

// versus names what the canary is compared with.
func (k *metric) versus() string {
	if k.Kind == Counts && !k.ratio.ever && k.ratio.before[0].Exposure > 0 {
		return "before"
	}
	return "baseline"
}

// conclusion says what the numbers amount to.
func (s *State) conclusion(k *metric, f MetricFinding) string {
	switch f.Verdict {
	case Fail:
		return "worse than " + k.broken(s.alarmAt()) + ", evidence " + odds(f.Against) + " to 1"
	case Pass:
		return s.passing(k, f)
	}
	text := "not decided, evidence against it " + odds(f.Against) + " to 1, for it " + odds(f.For) + " to 1"
	switch {
	case k.Kind == Gauge:
		return text
	case f.More == 0:
		return text + ", and at these rates more requests would not decide"
	}
	return text + fmt.Sprintf(", about %s more canary requests needed (%s)", strconv.FormatFloat(f.More, 'f', -1, 64), words(roughly(f.MoreTime)))
}

// passing says what a pass is for.
func (s *State) passing(k *metric, f MetricFinding) string {
	evidence := ", evidence " + odds(f.For) + " to 1"
	switch {
	case k.WorseBy == 0 || !k.compared():
		return "surely below " + k.guarded() + evidence
	case k.Kind == Counts && k.surelySmall(s.config):
		return "surely below " + percent(k.Negligible) + evidence
	case k.Kind == Histogram:
		text := fmt.Sprintf("surely no more than %.3g times as many slow requests", k.PassBelow/k.WorseBy)
		if k.AtMost > 0 {
			text += ", and below " + k.guarded()
		}
		return text + evidence
	case k.AtMost == 0:
		return "surely below " + k.times(k.PassBelow) + evidence
	}
	return "surely below " + k.times(k.PassBelow) + " and " + k.guarded() + evidence
}

// surelySmall reports whether it passes for being too little to matter, more than for the ratio.
func (k *metric) surelySmall(c Config) bool {
	return k.small(1) > k.ratio.all.favour(&k.ratio, c.Spread, k.WorseBy, k.passBound(), 1)
}

// broken is the limit that a canary is worse than: of two, the one that speaks against it, or both when either
// would do.
func (k *metric) broken(alarmAt float64) string {
	ratio := k.against
	switch {
	case k.AtMost == 0:
		return k.times(k.WorseBy)
	case k.WorseBy == 0 || !k.compared():
		return k.guarded()
	case k.Kind == Gauge && k.level.host != "":
		return k.guarded()
	case k.Kind == Gauge:
		return k.times(k.WorseBy)
	case k.Kind == Histogram:
		ratio = k.shape.against()
	default:
		ratio = k.ratio.against
	}
	// All of it is the mean of both.
	guard := k.against + math.Log(max(0, 2-math.Exp(ratio-k.against)))
	switch {
	case ratio >= alarmAt && guard >= alarmAt:
		return k.times(k.WorseBy) + " and " + k.guarded()
	case ratio < guard:
		return k.guarded()
	}
	return k.times(k.WorseBy)
}

// times is a ratio, in the words of the manifest.
func (k *metric) times(ratio float64) string {
	if k.versus() == "before" {
		return fmt.Sprintf("%.3g times what it was before", ratio)
	}
	return fmt.Sprintf("%.3g times the baseline", ratio)
}

// guarded is at_most, in the words of the manifest.
func (m Metric) guarded() string {
	switch m.Kind {
	case Counts:
		return percent(m.AtMost)
	case Histogram:
		return percent(tail) + " above " + number(m.AtMost)
	}
	return number(m.AtMost)
}

func (r Rate) words(kind Kind) string {
	switch {
	case r.Exposure == 0:
		return "without " + kind.what()
	case kind == Gauge:
		value, low, high := number(r.Value), number(r.Low), number(r.High)
		if low == value && high == value {
			return value // one host, or all alike
		}
		return fmt.Sprintf("%s (%s to %s)", value, low, high)
	}
	return fmt.Sprintf("%s (%.0f of %.0f; %s to %s)", percent(r.Value), r.Events, r.Exposure, percent(r.Low), percent(r.High))
}

// number is a value with at most four digits.
func number(v float64) string { return Number(v, 4) }

// percent is a share with three digits. There may be more events than exposure, and it is then above 100.
func percent(share float64) string {
	v := digits(100*share, 3)
	if v >= 1000 && v < 1e9 {
		return plain(v) + " %"
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + " %"
}

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

// words is a time to the second.
func words(d time.Duration) string { return duration.Text(d.Round(time.Second)) }

// roughly leaves out the seconds of a time that is not that well known.
func roughly(d time.Duration) time.Duration {
	if d < time.Minute {
		return d
	}
	return d.Round(time.Minute)
}
