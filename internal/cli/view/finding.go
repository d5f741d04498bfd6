package view

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Finding is what the judge thinks so far of a stage that is being watched.
type Finding struct {
	Command int             `json:"-"` // the bake that it belongs to
	Stage   string          `json:"stage"`
	Time    time.Time       `json:"time"`
	At      time.Duration   `json:"-"` // into the bake
	Verdict rollout.Verdict `json:"verdict"`
	Reason  string          `json:"reason"`  // the judge's own line
	Against float64         `json:"against"` // natural logarithm of the evidence, all metrics together
	Metrics []FindingMetric `json:"metrics"`
}

// FindingMetric is one metric of a finding.
type FindingMetric struct {
	Name     string          `json:"name"`
	Verdict  rollout.Verdict `json:"verdict"`
	Reason   string          `json:"reason"`
	DryRun   bool            `json:"dry_run,omitempty"`
	Kind     string          `json:"kind,omitempty"` // count when empty; histogram, gauge
	Edge     float64         `json:"edge,omitempty"` // of a histogram: the rates are of what lay above it
	Canary   Rate            `json:"canary"`
	Baseline Rate            `json:"baseline"`
	Against  float64         `json:"against"`
	For      float64         `json:"for"`
	More     float64         `json:"more,omitempty"` // canary requests that a verdict still needs; 0: unknown
	Outlier  string          `json:"outlier,omitempty"`
}

// Rate is a number of events among requests.
type Rate struct {
	Events   float64 `json:"events"`
	Requests float64 `json:"requests"`
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
func (m FindingMetric) words() string {
	if m.Verdict == rollout.NoData {
		return m.Reason
	}
	text := "canary " + m.rate(m.Canary)
	if m.Baseline.Requests > 0 {
		text += ", baseline " + m.rate(m.Baseline)
	}
	if m.Kind == "histogram" && m.Edge > 0 {
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

// rate is one side of a metric: a share, or the value of a gauge.
func (m FindingMetric) rate(r Rate) string {
	if m.Kind == "gauge" && r.Requests > 0 {
		return strconv.FormatFloat(r.Events/r.Requests, 'g', 4, 64)
	}
	return r.words()
}

func (r Rate) words() string {
	if r.Requests == 0 {
		return "without requests"
	}
	return fmt.Sprintf("%s %% of %.0f", strconv.FormatFloat(100*r.Events/r.Requests, 'g', 3, 64), r.Requests)
}

// thoughts says where the judge stands, in less than a line.
func (f Finding) thoughts() string {
	if f.Verdict == rollout.NoData {
		return "no data so far"
	}
	favour, more, unknown := math.Inf(1), 0.0, false
	for _, m := range f.Metrics {
		if m.DryRun {
			continue
		}
		favour, more = min(favour, m.For), max(more, m.More)
		unknown = unknown || m.Verdict == rollout.Inconclusive && m.More == 0
	}
	if math.IsInf(favour, 1) {
		return "nothing counts, all is dry run"
	}
	text := fmt.Sprintf("evidence %s against, %s for", odds(f.Against), odds(favour))
	switch {
	case f.Verdict == rollout.Pass:
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
