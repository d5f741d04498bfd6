package judge

import "time"

// Verdict is what the judge says. The words are the ones the rollout uses.
type Verdict string

// The verdicts. Until an end, Inconclusive means not yet.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	NoData       Verdict = "no data"
)

// Finding is a verdict with its reasons. It marshals to JSON for people and pages.
type Finding struct {
	Verdict Verdict       `json:"verdict"`
	Reason  string        `json:"reason"` // one line
	At      time.Duration `json:"at"`
	// Against is the evidence that the canary is worse than tolerated, all metrics
	// together, as a natural logarithm; fail from ln(1/alpha) on.
	Against float64         `json:"against"`
	Metrics []MetricFinding `json:"metrics"` // in the order of the configuration
	// Strange is how many samples were left out because they were no counts.
	Strange int `json:"strange,omitempty"`
}

// MetricFinding is one metric of a finding.
type MetricFinding struct {
	Name     string  `json:"name"`
	Verdict  Verdict `json:"verdict"` // of this metric alone
	Reason   string  `json:"reason"`
	DryRun   bool    `json:"dry_run,omitempty"`
	Canary   Rate    `json:"canary"`
	Baseline Rate    `json:"baseline"`
	// Against and For are the evidence that it is worse, and that it is not, as natural logarithms.
	Against float64 `json:"against"`
	For     float64 `json:"for"`
	// More is about how many more canary requests a verdict needs if nothing changes; 0: unknown, or none.
	More float64 `json:"more,omitempty"`
	// Outlier is the canary host that stands out; empty when none does.
	Outlier string `json:"outlier,omitempty"`
}

// Rate is a number of events over its exposure, with its 95 % interval as of now.
type Rate struct {
	Events   float64 `json:"events"`
	Exposure float64 `json:"exposure"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

func (s State) metricFinding(i int) MetricFinding {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	f := MetricFinding{
		Name: m.Name, DryRun: m.DryRun, Verdict: s.verdict(i),
		Canary: k.Canary.interval(), Baseline: k.Baseline.interval(),
		Against: k.against(m), For: k.favour(m), Outlier: outlier(k.Hosts),
	}
	if f.Verdict == Inconclusive {
		f.More = s.more(m, k)
	}
	f.Reason = s.metricReason(i, f)
	return f
}
