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
	Against float64 `json:"against"`
	AlarmAt float64 `json:"alarm_at"` // ln(1/alpha)
	// Since is when a fail was first sure.
	Since   time.Duration   `json:"since,omitempty"`
	Metrics []MetricFinding `json:"metrics"` // in the order of the configuration
	// Strange is how many samples were left out because they cannot be.
	Strange int `json:"strange,omitempty"`
}

// MetricFinding is one metric of a finding.
type MetricFinding struct {
	Name    string  `json:"name"`
	Kind    Kind    `json:"kind"`
	Verdict Verdict `json:"verdict"` // of this metric alone
	Reason  string  `json:"reason"`
	DryRun  bool    `json:"dry_run,omitempty"`
	// Edge is, of a histogram, the one that tells most: the rates are of what lay above it,
	// and for the canary above it times worse_by.
	Edge     float64 `json:"edge,omitempty"`
	Canary   Rate    `json:"canary"`
	Baseline Rate    `json:"baseline"`
	// Against and For are the evidence that it is worse, and that it is not, as natural logarithms.
	Against float64 `json:"against"`
	For     float64 `json:"for"`
	// More is about how many more canary requests a verdict needs if nothing changes; 0: unknown, or none.
	More float64 `json:"more,omitempty"`
	// MoreTime is how long those take to come.
	MoreTime time.Duration `json:"more_time,omitempty"`
	// Outlier is the canary host that stands out; empty when none does.
	Outlier string `json:"outlier,omitempty"`
}

// Rate is a number of events over its exposure, with its 95 % interval as of now. Of a gauge it is the
// sum of the hosts' last values over their number, with the least and the greatest of them.
type Rate struct {
	Events   float64 `json:"events"`
	Exposure float64 `json:"exposure"`
	Value    float64 `json:"value"` // one over the other
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

func (s State) metricFinding(i int) MetricFinding {
	m, k := s.Config.Metrics[i], s.Metrics[i]
	f := MetricFinding{
		Name: m.Name, Kind: m.Kind, DryRun: m.DryRun, Verdict: s.verdict(i),
		Canary: k.Canary.interval(), Baseline: k.Baseline.interval(),
		Against: k.Against, For: k.For, Outlier: outlier(k.Hosts),
	}
	switch edge, found := k.Shape.telling(); {
	case m.Kind == Gauge:
		f.Canary, f.Baseline = k.Level.extent(Canary), k.Level.extent(Baseline)
		f.Outlier = k.Level.Host
	case m.Kind == Histogram && found && m.WorseBy > 0:
		f.Edge, f.Canary, f.Baseline = edge.At, edge.Canary.interval(), edge.Baseline.interval()
	}
	if m.Kind == Counts && k.Baseline.Exposure == 0 && !k.Ratio.Ever {
		// Nothing else to compare with: the same hosts before the deploy are the baseline.
		f.Baseline = k.Ratio.Before[0].interval()
	}
	if f.Verdict == Inconclusive {
		f.More, f.MoreTime = s.more(m, k)
	}
	f.Reason = s.metricReason(i, f)
	return f
}

// extent is an arm's mean, with its hosts' least and greatest value.
func (g Level) extent(arm Arm) Rate {
	c := g.counted(arm)
	r := Rate{Events: c.Events, Exposure: c.Exposure, Value: c.rate()}
	first := true
	for _, h := range g.Hosts {
		switch {
		case h.Arm != arm:
		case first:
			r.Low, r.High, first = h.Last, h.Last, false
		default:
			r.Low, r.High = min(r.Low, h.Last), max(r.High, h.Last)
		}
	}
	return r
}
