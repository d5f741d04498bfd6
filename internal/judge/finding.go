package judge

import (
	"encoding/json"
	"time"
)

// Verdict is what the judge says. The words are the ones the rollout uses.
type Verdict string

// The verdicts. Until an end, Inconclusive means not yet.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	NoData       Verdict = "no data"
)

// Finding is a verdict with its reasons. As JSON it is kept in the journal, with times in nanoseconds
// and evidence as natural logarithms.
type Finding struct {
	Verdict Verdict       `json:"verdict"`
	Reason  string        `json:"reason"` // one line
	At      time.Duration `json:"at"`
	// Against is the evidence that the canary is worse than tolerated, all metrics
	// together, as a natural logarithm.
	Against float64 `json:"ln_against"`
	// AlarmAt is the evidence from which on it is a fail, ln(1/alpha), and PassAt the one that
	// each metric needs for a pass, ln(1/beta). Older journals do not have the latter.
	AlarmAt float64 `json:"ln_fails_from"`
	PassAt  float64 `json:"ln_passes_from,omitempty"`
	// Since is when a fail was first sure.
	Since   time.Duration   `json:"since,omitempty"`
	Metrics []MetricFinding `json:"metrics"` // in the order of the configuration
	// Strange is how many samples were left out because they cannot be.
	Strange int `json:"strange,omitempty"`
}

// UnmarshalJSON reads the findings of older journals, too, which call the logarithms otherwise.
func (f *Finding) UnmarshalJSON(text []byte) error {
	type plain Finding
	old := struct {
		*plain
		Against   *float64 `json:"against"`
		FailsFrom *float64 `json:"fails_from"`
		AlarmAt   *float64 `json:"alarm_at"`
	}{plain: (*plain)(f)}
	if err := json.Unmarshal(text, &old); err != nil {
		return err
	}
	replace(&f.Against, old.Against)
	replace(&f.AlarmAt, old.AlarmAt)
	replace(&f.AlarmAt, old.FailsFrom)
	return nil
}

// MetricFinding is one metric of a finding.
type MetricFinding struct {
	Name    string  `json:"name"`
	Kind    Kind    `json:"kind"`
	Verdict Verdict `json:"verdict"` // of this metric alone
	Reason  string  `json:"reason"`
	DryRun  bool    `json:"dry_run,omitempty"`
	// Tolerated is what it was judged by.
	Tolerated Tolerance `json:"tolerated"`
	// Edge is, of a histogram, the one that tells most: the rates are of what lay above it,
	// and for the canary above it times worse_by.
	Edge     float64 `json:"edge,omitempty"`
	Canary   Rate    `json:"canary"`
	Baseline Rate    `json:"baseline"`
	// Against and For are the evidence that it is worse, and that it is not, as natural logarithms.
	Against float64 `json:"ln_against"`
	For     float64 `json:"ln_for"`
	// More is about how many more canary requests a verdict needs if nothing changes; 0: unknown, or none.
	More float64 `json:"more,omitempty"`
	// MoreTime is how long those take to come.
	MoreTime time.Duration `json:"more_time,omitempty"`
	// Outlier is the canary host that stands out; empty when none does.
	Outlier string `json:"outlier,omitempty"`
	// Before says that the baseline is the same hosts before the deploy, for want of others at the same
	// time. Like the edges it is for pictures, and not journalled.
	Before bool `json:"-"`
	edges  []edgeRates
}

// edgeRates are the rates at one edge of a histogram.
type edgeRates struct {
	at               float64
	canary, baseline Rate
}

// RatesAt are the rates at an edge of a histogram that need not be the one that tells most. A finding
// that was read back knows no other.
func (f MetricFinding) RatesAt(edge float64) (canary, baseline Rate, known bool) {
	if edge == f.Edge {
		return f.Canary, f.Baseline, true
	}
	for _, e := range f.edges {
		if e.at == edge {
			return e.canary, e.baseline, true
		}
	}
	return Rate{}, Rate{}, false
}

// UnmarshalJSON reads the metrics of older journals, too.
func (f *MetricFinding) UnmarshalJSON(text []byte) error {
	type plain MetricFinding
	old := struct {
		*plain
		Against *float64 `json:"against"`
		For     *float64 `json:"for"`
	}{plain: (*plain)(f)}
	if err := json.Unmarshal(text, &old); err != nil {
		return err
	}
	replace(&f.Against, old.Against)
	replace(&f.For, old.For)
	return nil
}

// replace takes the value of a member that only older journals have.
func replace(value, old *float64) {
	if old != nil {
		*value = *old
	}
}

// Tolerance is what a metric was judged by, with its defaults; see Metric.
type Tolerance struct {
	WorseBy   float64 `json:"worse_by,omitempty"`
	PassBelow float64 `json:"pass_below,omitempty"`
	AtMost    float64 `json:"at_most,omitempty"`
	Higher    bool    `json:"higher,omitempty"`
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

func (s *State) metricFinding(k *metric) MetricFinding {
	f := MetricFinding{
		Name: k.Name, Kind: k.Kind, DryRun: k.DryRun, Verdict: s.verdict(k),
		Tolerated: Tolerance{WorseBy: k.WorseBy, PassBelow: k.PassBelow, AtMost: k.AtMost, Higher: k.Higher},
		Canary:    k.canary.interval(), Baseline: k.baseline.interval(), Against: k.against,
		For: k.favour(s, 1), Outlier: k.outlier(), Before: k.versus() == "before",
	}
	switch edge := k.shape.telling(); {
	case k.Kind == Gauge:
		f.Canary, f.Baseline = k.level.extent(Canary), k.level.extent(Baseline)
		f.Outlier = k.level.host
	case edge != nil && k.WorseBy > 0:
		f.Edge, f.Canary, f.Baseline = edge.at, edge.canary.interval(), edge.baseline.interval()
		f.edges = k.shape.rates()
	}
	if k.Kind == Counts && k.baseline.Exposure == 0 && !k.ratio.ever {
		// Nothing else to compare with: the same hosts before the deploy are the baseline.
		f.Baseline = k.ratio.before[0].interval()
	}
	if f.Verdict == Inconclusive {
		f.More, f.MoreTime = s.more(k)
	}
	f.Reason = s.metricReason(k, f)
	return f
}

// rates are those at every edge.
func (h *shape) rates() []edgeRates {
	all := make([]edgeRates, len(h.edges))
	for i, e := range h.edges {
		all[i] = edgeRates{e.at, e.canary.interval(), e.baseline.interval()}
	}
	return all
}

// extent is an arm's mean, with its hosts' least and greatest value.
func (g *level) extent(arm Arm) Rate {
	c := g.counted(arm)
	r := Rate{Events: c.Events, Exposure: c.Exposure, Value: c.rate()}
	first := true
	for _, h := range g.hosts {
		switch {
		case h.arm != arm:
		case first:
			r.Low, r.High, first = h.last, h.last, false
		default:
			r.Low, r.High = min(r.Low, h.last), max(r.High, h.last)
		}
	}
	return r
}
