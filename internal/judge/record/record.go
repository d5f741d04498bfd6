// Package record reads and writes what the judge has seen, one JSON object a line: the format of
// `slipway judge --replay`, in which the engine also journals its looks. It judges nothing.
package record

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Read reads recorded samples, a JSON object a line (docs/judge.md has the format),
// and groups them into ticks by their time. Lines may come in any order. An error names
// the line, what was found and what is allowed.
func Read(r io.Reader) ([]judge.Tick, error) {
	rec, err := Load(r, Slipway)
	if err != nil {
		return nil, err
	}
	var ticks []judge.Tick
	for t := range rec.Looks() {
		t.Samples = append([]judge.Sample(nil), t.Samples...)
		for i := range t.Samples {
			t.Samples[i].Buckets = slices.Clone(t.Samples[i].Buckets)
		}
		ticks = append(ticks, t)
	}
	return ticks, nil
}

// Write writes ticks as Read reads them, oldest first.
func Write(w io.Writer, ticks []judge.Tick) error {
	e := json.NewEncoder(w)
	for _, t := range ticks {
		seconds := t.At.Seconds()
		for _, metric := range slices.Sorted(maps.Keys(t.Gaps)) {
			if err := e.Encode(written{T: seconds, Metric: metric, Gap: t.Gaps[metric]}); err != nil {
				return fmt.Errorf("write the record: %w", err)
			}
		}
		for _, s := range t.Samples {
			l := written{T: seconds, Arm: s.Arm, Host: s.Host, Metric: s.Metric, Kind: s.Kind}
			switch s.Kind {
			case judge.Gauge:
				l.Value = &s.Value
			case judge.Histogram:
				l.Buckets = s.Buckets
			default:
				l.Kind, l.Events, l.Exposure = judge.Counts, &s.Events, &s.Exposure
			}
			if err := e.Encode(l); err != nil {
				return fmt.Errorf("write the record: %w", err)
			}
		}
	}
	return nil
}

// written is a line as it is written.
type written struct {
	T        float64        `json:"t"`
	Arm      judge.Arm      `json:"arm,omitempty"`
	Host     string         `json:"host,omitempty"`
	Metric   string         `json:"metric"`
	Kind     judge.Kind     `json:"kind,omitempty"`
	Events   *float64       `json:"events,omitempty"`
	Exposure *float64       `json:"exposure,omitempty"`
	Value    *float64       `json:"value,omitempty"`
	Buckets  []judge.Bucket `json:"buckets,omitempty"`
	Gap      string         `json:"gap,omitempty"`
}
