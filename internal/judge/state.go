package judge

import (
	"math"
	"slices"
	"strings"
	"time"
)

// State is all that the judge has seen of one bake. It is for one goroutine.
type State struct {
	config  Config
	at      time.Duration // of the last look
	metrics []*metric     // in the order of the configuration
	alarm   *alarm        // the first fail; it stands
	strange int           // samples that cannot be used
	sorted  [][]Sample    // of one look, by metric; kept to be used again
}

// alarm is when the evidence first sufficed for a fail, and how much it was.
type alarm struct {
	at      time.Duration
	against float64
}

// metric is what is known of one metric.
type metric struct {
	Metric
	roster   roster
	look     look // the last one
	canary   Count
	baseline Count
	hosts    []Count       // of the canary, by number
	last     time.Duration // when the canary last did anything
	beside   time.Duration // when the baseline did
	gap      string        // why the source is away, while it is
	since    time.Duration // when the gap began
	answers  pace
	spans    spans
	oddity   string

	// Which of these are used depends on the kind of metric.
	ratio stream     // the canary's rate against the baseline's
	guard comparison // the canary's rate against at_most
	shape shape      // of a histogram
	level level      // of a gauge

	against float64 // evidence that it is worse, as a natural logarithm
}

// Count is events over exposure.
type Count struct {
	Events   float64 `json:"events"`
	Exposure float64 `json:"exposure"`
}

// New checks a configuration, fills in its defaults, and returns the state before the first look.
func New(c Config) (*State, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	s := &State{config: c, sorted: make([][]Sample, len(c.Metrics))}
	for _, m := range c.Metrics {
		k := &metric{Metric: m}
		k.shape.every = edgesEvery
		s.metrics = append(s.metrics, k)
	}
	return s, nil
}

// Look takes what happened since the last look. Samples of metrics that are not in the
// configuration, and numbers that cannot be, are left out. Ticks of the time before the deploy
// teach how the hosts differ, and are no evidence.
func (s *State) Look(t Tick) {
	began := s.at
	s.at = max(s.at, t.At)
	s.sort(t)
	for i, k := range s.metrics {
		if t.At >= 0 {
			k.away(t, began)
			k.answers.look(s.sorted[i], s.at, k.gap != "")
		}
		span := time.Duration(0)
		if len(s.sorted[i]) > 0 {
			span = k.spans.until(t.At)
		}
		k.take(s, s.sorted[i], began, span)
	}
	if t.At >= 0 && s.alarm == nil {
		if against := s.against(); against >= s.alarmAt() {
			s.alarm = &alarm{s.at, against}
		}
	}
}

// away notes since when a metric has had no answer.
func (k *metric) away(t Tick, began time.Duration) {
	gap := t.Gap
	if own := t.Gaps[k.Name]; own != "" {
		gap = own
	}
	if gap != "" && k.gap == "" {
		k.since = began
	}
	k.gap = gap
}

// sort deals a tick's samples out to the metrics, in the order of hosts and not of arrival.
func (s *State) sort(t Tick) {
	for i := range s.sorted {
		s.sorted[i] = s.sorted[i][:0]
	}
	for j := range t.Samples {
		sample := &t.Samples[j]
		i := s.named(sample.Metric, j)
		if i < 0 {
			continue
		}
		if !sample.Usable(s.config.Metrics[i].Kind) {
			s.strange++
			continue
		}
		s.sorted[i] = append(s.sorted[i], *sample)
		if t.At < 0 {
			last := &s.sorted[i][len(s.sorted[i])-1]
			last.Arm = last.Arm.Before()
		}
	}
	for _, samples := range s.sorted {
		slices.SortStableFunc(samples, compareSamples)
	}
}

// named is the metric of a name, -1 when it is not judged. Samples mostly come metric by metric, or
// host by host: where it may be is looked at first.
func (s *State) named(name string, guess int) int {
	if guess %= len(s.metrics); s.metrics[guess].Name == name {
		return guess
	}
	for i, k := range s.metrics {
		if k.Name == name {
			return i
		}
	}
	return -1
}

func compareSamples(a, b Sample) int {
	if c := strings.Compare(a.Host, b.Host); c != 0 {
		return c
	}
	return strings.Compare(string(a.Arm), string(b.Arm))
}

// Before is the arm in the time before the deploy.
func (a Arm) Before() Arm {
	switch a {
	case Canary:
		return CanaryBefore
	case Baseline:
		return BaselineBefore
	}
	return a
}

// Usable refuses what cannot be, and what is of another kind than wanted.
func (s *Sample) Usable(kind Kind) bool {
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

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }

func (c Count) plus(d Count) Count { return Count{c.Events + d.Events, c.Exposure + d.Exposure} }

func (c Count) rate() float64 {
	if c.Exposure == 0 {
		return 0
	}
	return c.Events / c.Exposure
}
