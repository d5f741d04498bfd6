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
	Gap     string        `json:"gap,omitempty"`     // why the source is away, while it is
	Since   time.Duration `json:"since,omitempty"`   // when the gap began
	Alarm   *Alarm        `json:"alarm,omitempty"`   // the first fail; it stands
	Strange int           `json:"strange,omitempty"` // samples that were no counts
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

	// Against: the canary's rate is above the tolerated ratio; above the guard.
	Ratio Process `json:"ratio"`
	Guard Process `json:"guard"`
	// For: it is below the ratio; below what matters; below the guard.
	NotWorse weighing `json:"not_worse"`
	Small    weighing `json:"small"`
	Within   weighing `json:"within"`
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
// the configuration, and numbers that are no counts, are left out.
func Look(s State, t Tick) (State, Finding) {
	s = s.after(t)
	return s, s.finding(false)
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
	if t.Gap != "" && s.Gap == "" {
		s.Since = began
	}
	s.Gap = t.Gap
	sums := s.sum(t)
	s.Metrics = slices.Clone(s.Metrics)
	for i, m := range s.Config.Metrics {
		s.Metrics[i] = s.Metrics[i].take(s, m, sums[i], began)
	}
	if against := s.against(); s.Alarm == nil && against >= s.alarmAt() {
		s.Alarm = &Alarm{At: s.At, Against: against}
	}
	return s
}

// tally is one metric's sums of a tick.
type tally struct {
	canary, baseline Count
	hosts            []HostCount
}

// sum adds a tick's samples by metric and arm, in the order of hosts and not of arrival.
func (s *State) sum(t Tick) []tally {
	sums := make([]tally, len(s.Config.Metrics))
	samples := slices.Clone(t.Samples)
	slices.SortStableFunc(samples, func(a, b Sample) int { return strings.Compare(a.Host, b.Host) })
	for _, sample := range samples {
		i := slices.IndexFunc(s.Config.Metrics, func(m Metric) bool { return m.Name == sample.Metric })
		if i < 0 {
			continue
		}
		c := Count{sample.Events, sample.Exposure}
		switch {
		case !c.valid():
			s.Strange++
		case sample.Arm == Canary:
			sums[i].canary = sums[i].canary.plus(c)
			sums[i].hosts = append(sums[i].hosts, HostCount{sample.Host, c})
		case sample.Arm == Baseline:
			sums[i].baseline = sums[i].baseline.plus(c)
		default:
			s.Strange++
		}
	}
	return sums
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

// take adds a tick's sums to everything that is known of a metric.
func (k MetricState) take(s State, m Metric, t tally, began time.Duration) MetricState {
	k.Canary, k.Baseline = k.Canary.plus(t.canary), k.Baseline.plus(t.baseline)
	k.Hosts = mergeHosts(k.Hosts, t.hosts)
	if t.canary.Exposure > 0 {
		k.Last = s.At
	}
	x, a, y, b := t.canary.Events, t.canary.Exposure, t.baseline.Events, t.baseline.Exposure
	burst, fresh := m.dispersion(), s.Config.Fresh
	if m.WorseBy > 0 && a+b > 0 {
		k.Ratio = k.Ratio.add(began, fresh, worse(x, a, y, b, m.tolerated()), burst)
		k.NotWorse = k.NotWorse.add(better(x, a, y, b, m.tolerated()), burst)
	}
	if m.AtMost > 0 {
		k.Guard = k.Guard.add(began, fresh, above(x, a, m.AtMost), burst)
		k.Within = k.Within.add(below(x, a, m.AtMost), burst)
	}
	k.Small = k.Small.add(below(x, a, m.Negligible), burst)
	return k
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
