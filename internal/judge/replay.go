package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MetricsIn is the metrics of a record, by name, for a replay without a manifest: each with its
// kind and worse_by 1.5.
func MetricsIn(ticks []Tick) []Metric {
	kinds := map[string]Kind{}
	for _, t := range ticks {
		for _, s := range t.Samples {
			kinds[s.Metric] = s.Kind
		}
	}
	var metrics []Metric
	for name, kind := range kinds {
		metrics = append(metrics, Metric{Name: name, Kind: kind, WorseBy: 1.5})
	}
	slices.SortFunc(metrics, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return metrics
}

// Replayed is a record judged again.
type Replayed struct {
	// Final is the finding that ended the bake, or the one at the record's end.
	Final Finding `json:"final"`
	// Series is findings over time, the last of them Final, for a picture.
	Series []Finding `json:"-"`
	Looks  int       `json:"looks"`
	// Before is how many ticks of the time before the deploy were learnt from.
	Before int `json:"before,omitempty"`
}

// seriesLimit is how many findings a picture needs.
const seriesLimit = 400

// Replay judges ticks again, from the first to the one that ends the bake: a fail, a
// pass from least on, or the last.
func Replay(c Config, ticks []Tick, least time.Duration) (Replayed, error) {
	s, err := New(c)
	if err != nil {
		return Replayed{}, fmt.Errorf("replay: %w", err)
	}
	var r Replayed
	every := 1 + len(ticks)/seriesLimit
	for i, t := range ticks {
		s.Look(t)
		if t.At < 0 {
			r.Before++
			continue
		}
		r.Looks++
		v := s.Verdict()
		ended := v == Fail || (v == Pass && t.At >= least)
		if !ended && i%every != 0 {
			continue
		}
		r.Final = s.Finding()
		r.Series = append(r.Series, r.Final)
		if ended {
			return r, nil
		}
	}
	r.Final = s.finding(true)
	r.Series = append(r.Series, r.Final)
	return r, nil
}
