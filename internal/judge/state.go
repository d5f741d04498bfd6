package judge

import (
	"slices"
	"strings"
	"time"
)

// State is all that the judge remembers between looks. It is a value: Look never
// changes the State it is given. It marshals to JSON and back without loss, so
// that it can be journalled; its members are for that alone.
type State struct {
	Config  Config        `json:"config"`
	At      time.Duration `json:"at"`                // of the last look
	Metrics []MetricState `json:"metrics"`           // in the order of the configuration
	Alarm   *Alarm        `json:"alarm,omitempty"`   // the first fail; it stands
	Strange int           `json:"strange,omitempty"` // samples that cannot be used
}

// Alarm is when the evidence first sufficed for a fail, and how much it was.
type Alarm struct {
	At      time.Duration `json:"at"`
	Against float64       `json:"against"`
}

// MetricState is what is known of one metric.
type MetricState struct {
	Canary   Count         `json:"canary"`
	Baseline Count         `json:"baseline"`
	Hosts    []HostCount   `json:"hosts,omitempty"` // of the canary, by name
	Last     time.Duration `json:"last"`            // when the canary last did anything
	Gap      string        `json:"gap,omitempty"`   // why the source is away, while it is
	Since    time.Duration `json:"since,omitempty"` // when the gap began
	Oddity   string        `json:"oddity,omitempty"`

	// Which of these are used depends on the kind of metric.
	Ratio Stream     `json:"ratio"` // the canary's rate against the baseline's
	Guard Comparison `json:"guard"` // the canary's rate against at_most
	Small Comparison `json:"small"` // and against what is too little to matter
	Shape Shape      `json:"shape"` // of a histogram
	Level Level      `json:"level"` // of a gauge

	// Against and For are the evidence that it is worse, and that it is not, as natural logarithms.
	Against float64 `json:"against"`
	For     float64 `json:"for"`
}

// Count is events over exposure.
type Count struct {
	Events   float64 `json:"events"`
	Exposure float64 `json:"exposure"`
}

// HostCount is one host's count.
type HostCount struct {
	Host string `json:"host"`
	Count
}

// New checks a configuration, fills in its defaults, and returns the state before the first look.
func New(c Config) (State, error) {
	c, err := c.filled()
	if err != nil {
		return State{}, err
	}
	return State{Config: c, Metrics: make([]MetricState, len(c.Metrics))}, nil
}

// Look takes what happened since the last look. Samples of metrics that are not in
// the configuration, and numbers that cannot be, are left out.
func Look(s State, t Tick) (State, Finding) {
	s = s.after(t)
	return s, s.finding(false)
}

// Learn takes ticks of the time before the deploy; Look does it too, and also says something.
func Learn(s State, ticks []Tick) State {
	for _, t := range ticks {
		t.At = min(t.At, -1)
		s = s.after(t)
	}
	return s
}

// End is the finding when no more looks will come: a pass or a fail that the
// evidence supports, else no data or inconclusive.
func End(s State, at time.Duration) Finding {
	s.At = max(s.At, at)
	return s.finding(true)
}

// after is the state after a tick.
func (s State) after(t Tick) State {
	began := s.At
	s.At = max(s.At, t.At)
	samples, strange := s.sort(t)
	s.Strange += strange
	s.Metrics = slices.Clone(s.Metrics)
	for i, m := range s.Config.Metrics {
		k := s.Metrics[i]
		if t.At >= 0 {
			k = k.gap(t, m.Name, began)
		}
		s.Metrics[i] = k.take(s, m, samples[i], began)
	}
	if against := s.against(); t.At >= 0 && s.Alarm == nil && against >= s.alarmAt() {
		s.Alarm = &Alarm{At: s.At, Against: against}
	}
	return s
}

// gap notes since when a metric has had no answer.
func (k MetricState) gap(t Tick, name string, began time.Duration) MetricState {
	gap := t.Gap
	if own := t.Gaps[name]; own != "" {
		gap = own
	}
	if gap != "" && k.Gap == "" {
		k.Since = began
	}
	k.Gap = gap
	return k
}

// sort deals a tick's samples out to the metrics, in the order of hosts and not of arrival.
func (s State) sort(t Tick) (byMetric [][]Sample, strange int) {
	byMetric = make([][]Sample, len(s.Config.Metrics))
	for _, sample := range t.Samples {
		i := slices.IndexFunc(s.Config.Metrics, func(m Metric) bool { return m.Name == sample.Metric })
		if i < 0 {
			continue
		}
		if !sample.usable(s.Config.Metrics[i].Kind) {
			strange++
			continue
		}
		if t.At < 0 {
			sample.Arm = sample.Arm.before()
		}
		byMetric[i] = append(byMetric[i], sample)
	}
	for _, samples := range byMetric {
		slices.SortStableFunc(samples, compareSamples)
	}
	return byMetric, strange
}

func compareSamples(a, b Sample) int {
	if c := strings.Compare(a.Host, b.Host); c != 0 {
		return c
	}
	return strings.Compare(string(a.Arm), string(b.Arm))
}

// before is the arm in the time before the deploy.
func (a Arm) before() Arm {
	switch a {
	case Canary:
		return CanaryBefore
	case Baseline:
		return BaselineBefore
	}
	return a
}

// usable refuses what cannot be, and what is of another kind than the metric.
func (s Sample) usable(kind Kind) bool {
	switch s.Arm {
	case Canary, Baseline, CanaryBefore, BaselineBefore:
	default:
		return false
	}
	if s.Kind != "" && s.Kind != kind {
		return false
	}
	switch kind {
	case Gauge:
		return finite(s.Value)
	case Histogram:
		return validBuckets(s.Buckets)
	}
	return Count{s.Events, s.Exposure}.valid()
}

// valid refuses what cannot be counted, events that came from nothing among it.
func (c Count) valid() bool {
	return c.Events >= 0 && c.Exposure >= 0 && finite(c.Events) && finite(c.Exposure) && (c.Exposure > 0 || c.Events == 0)
}

func (c Count) plus(d Count) Count { return Count{c.Events + d.Events, c.Exposure + d.Exposure} }

func (c Count) rate() float64 {
	if c.Exposure == 0 {
		return 0
	}
	return c.Events / c.Exposure
}

// mergeHosts adds counts to a list that is sorted by host, in a new list.
func mergeHosts(known, more []HostCount) []HostCount {
	known = slices.Clone(known)
	for _, h := range more {
		i, found := slices.BinarySearchFunc(known, h.Host, func(k HostCount, host string) int { return strings.Compare(k.Host, host) })
		if found {
			known[i].Count = known[i].plus(h.Count)
			continue
		}
		known = slices.Insert(known, i, h)
	}
	return known
}
