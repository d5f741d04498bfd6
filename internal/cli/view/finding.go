package view

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Finding is what the judge thinks so far of a stage that is being watched.
type Finding struct {
	Command int       `json:"-"` // the bake that it belongs to
	Stage   string    `json:"stage"`
	Time    time.Time `json:"time"`
	Judged
}

// mostMetrics is how many metrics have a row in the picture.
const mostMetrics = 2

// look returns the finding, when it is of the bake that is going on.
func (s Screen) look() (Finding, bool) {
	if s.Finding == nil || s.Note != "" || s.State.Phase != rollout.Running {
		return Finding{}, false
	}
	_, current := pending(s.State.Head, s.Finding.Command)
	return *s.Finding, current
}

// metrics draws a row for each metric of the finding.
func (s Screen) metrics() []string {
	f, ok := s.look()
	if !ok {
		return nil
	}
	var rows []string
	for _, m := range f.Metrics[:min(len(f.Metrics), mostMetrics)] {
		rows = append(rows, "  "+m.Name+s.Faint.Render("  "+m.words()))
	}
	return rows
}

// words says how the two sides of a metric do.
func (m JudgedMetric) words() string {
	if m.Verdict == judge.NoData {
		return m.Reason
	}
	text := "canary " + m.Canary.words()
	if m.Baseline.Value != nil {
		text += ", baseline " + m.Baseline.words()
	}
	if m.Kind == judge.Histogram && m.Edge > 0 {
		text += " above " + strconv.FormatFloat(m.Edge, 'g', 3, 64)
	}
	if m.Outlier != "" {
		text += "; " + m.Outlier + " stands out"
	}
	if m.DryRun {
		text += "; dry run"
	}
	return text
}

// words is a share, or the value of a gauge.
func (s Side) words() string {
	switch {
	case s.Value == nil:
		return "without requests"
	case s.Exposure == nil:
		return judge.Number(*s.Value, 4)
	}
	return fmt.Sprintf("%s %% of %.0f", strconv.FormatFloat(100**s.Value, 'g', 3, 64), *s.Exposure)
}

// thoughts says where the judge stands, in less than a line.
func (f Finding) thoughts() string {
	if f.Verdict == judge.NoData {
		return "no data so far"
	}
	favour, more, unknown := math.Inf(1), 0.0, false
	for _, m := range f.Metrics {
		if m.DryRun {
			continue
		}
		favour = min(favour, *m.Evidence.LnFor)
		if m.Needs != nil {
			more = max(more, m.Needs.Requests)
		}
		unknown = unknown || m.Verdict == judge.Inconclusive && m.Needs == nil
	}
	if math.IsInf(favour, 1) {
		return "nothing counts, all is dry run"
	}
	text := fmt.Sprintf("evidence %s against, %s for", odds(f.Evidence.LnAgainst), odds(favour))
	switch {
	case f.Verdict == judge.Pass:
		return text + "; no worse so far"
	case unknown:
		return text + "; more requests may not decide"
	case more > 0:
		return text + fmt.Sprintf("; about %.0f more requests", more)
	}
	return text
}

// odds is the evidence of a logarithm as a number to one, for a glance.
func odds(log float64) string {
	v := math.Exp(log)
	switch {
	case v > 1e6:
		return "over 1000000"
	case v < 0.01:
		return "under 0.01"
	case v < 9.95:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// TellFinding says what the judge thinks so far, for pipes.
func TellFinding(f Finding) Line {
	return Line{At: f.Time, Text: f.Stage + " so far: " + f.Reason}
}
