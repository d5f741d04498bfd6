// Package record reads and writes what the judge has seen, one JSON object a line: the format of
// `slipway judge --replay`, in which the engine also journals its looks. It judges nothing.
package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// line is one line of a record. Pointers tell what is missing from what is 0.
type line struct {
	T        *float64       `json:"t"`
	Arm      judge.Arm      `json:"arm"`
	Host     string         `json:"host"`
	Metric   string         `json:"metric"`
	Kind     judge.Kind     `json:"kind"`
	Events   *float64       `json:"events"`
	Exposure *float64       `json:"exposure"`
	Value    *float64       `json:"value"`
	Buckets  []judge.Bucket `json:"buckets"`
	Gap      string         `json:"gap"`
}

// longestLine bounds what one line may hold.
const longestLine = 1 << 20

// Read reads recorded samples, a JSON object a line (docs/judge.md has the format),
// and groups them into ticks by their time. Lines may come in any order. An error names
// the line, what was found and what is allowed.
func Read(r io.Reader) ([]judge.Tick, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), longestLine)
	g := grouping{ticks: map[time.Duration]*judge.Tick{}, kinds: map[string]judge.Kind{}, seen: map[key]int{}}
	n := 0
	for scanner.Scan() {
		n++
		text := bytes.TrimSpace(scanner.Bytes())
		if len(text) == 0 {
			continue
		}
		if err := g.add(text, n); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: longer than %d bytes: one sample a line", n+1, longestLine)
	} else if err != nil {
		return nil, fmt.Errorf("after line %d: %w", n, err)
	}
	if len(g.ticks) == 0 {
		return nil, errors.New("the record is empty: one JSON object a line is wanted, with t, arm, host, metric, kind and events with exposure, value or buckets")
	}
	ticks := make([]judge.Tick, 0, len(g.ticks))
	for _, at := range slices.Sorted(maps.Keys(g.ticks)) {
		ticks = append(ticks, *g.ticks[at])
	}
	return ticks, nil
}

// key is what there may be one sample of.
type key struct {
	at           time.Duration
	host, metric string
}

type grouping struct {
	ticks map[time.Duration]*judge.Tick
	kinds map[string]judge.Kind // by metric
	seen  map[key]int           // the line
}

func (g grouping) add(text []byte, n int) error {
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	s, at, err := l.sample()
	if err != nil {
		return err
	}
	t := g.ticks[at]
	if t == nil {
		t = &judge.Tick{At: at}
		g.ticks[at] = t
	}
	if l.Gap != "" {
		if t.Gaps == nil {
			t.Gaps = map[string]string{}
		}
		t.Gaps[l.Metric] = l.Gap
		return nil
	}
	if kind, known := g.kinds[s.Metric]; known && kind != s.Kind {
		return fmt.Errorf("metric %q is a %s here and a %s before: one kind a metric", s.Metric, s.Kind, kind)
	}
	g.kinds[s.Metric] = s.Kind
	k := key{at, s.Host, s.Metric}
	if first := g.seen[k]; first > 0 {
		return fmt.Errorf("host %q has had %q at t %v in line %d: one sample a host, metric and time", s.Host, s.Metric, *l.T, first)
	}
	g.seen[k] = n
	t.Samples = append(t.Samples, s)
	return nil
}

func parseLine(text []byte) (line, error) {
	var l line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf("%w: allowed are t, arm, host, metric, kind, events, exposure, value, buckets and gap", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return l, errors.New("more than one object: one a line")
	}
	return l, nil
}

// furthest is the greatest time that is taken, in seconds: ten years.
const furthest = 10 * 365 * 24 * 3600

// sample checks a line and turns it into a sample and its time.
func (l line) sample() (judge.Sample, time.Duration, error) {
	switch {
	case l.T == nil:
		return judge.Sample{}, 0, errors.New("t is missing: seconds since the bake began, below 0 before it")
	case !(math.Abs(*l.T) <= furthest):
		return judge.Sample{}, 0, fmt.Errorf("t %v: allowed are %d seconds either way", *l.T, furthest)
	case l.Metric == "":
		return judge.Sample{}, 0, errors.New("metric is missing: the name of what was measured")
	}
	at := time.Duration(math.Round(*l.T * float64(time.Second)))
	if l.Gap != "" {
		if l.Host != "" || l.Arm != "" || l.Kind != "" || l.Events != nil || l.Exposure != nil || l.Value != nil || l.Buckets != nil {
			return judge.Sample{}, 0, errors.New("gap: a line that says why there was no answer has t, metric and gap only")
		}
		return judge.Sample{}, at, nil
	}
	if l.Host == "" {
		return judge.Sample{}, 0, errors.New("host is missing: its name")
	}
	switch l.Arm {
	case judge.CanaryBefore, judge.BaselineBefore:
		at = min(at, -1) // whatever their clock says, they are of the time before
	case judge.Canary, judge.Baseline:
		if at < 0 {
			return judge.Sample{}, 0, fmt.Errorf("t %v with arm %q: before the bake the arm is %q", *l.T, l.Arm, l.Arm.Before())
		}
	default:
		return judge.Sample{}, 0, fmt.Errorf("arm %q: allowed are canary, baseline, canary-before and baseline-before", l.Arm)
	}
	s, err := l.measured()
	return s, at, err
}

// measured is the sample of a line's kind, which has its own members and no others.
func (l line) measured() (judge.Sample, error) {
	s := judge.Sample{Arm: l.Arm, Host: l.Host, Metric: l.Metric, Kind: l.Kind}
	count, gauge, histogram := l.Events != nil || l.Exposure != nil, l.Value != nil, l.Buckets != nil
	switch l.Kind {
	case judge.Counts:
		if l.Events == nil || l.Exposure == nil || gauge || histogram {
			return s, errors.New("a count has events and exposure, both of them and nothing else")
		}
		s.Events, s.Exposure = *l.Events, *l.Exposure
		if !s.Usable(judge.Counts) {
			return s, fmt.Errorf("events %v of exposure %v: neither may be negative, and no exposure has no events", s.Events, s.Exposure)
		}
	case judge.Gauge:
		if !gauge || count || histogram {
			return s, errors.New("a gauge has a value and nothing else")
		}
		s.Value = *l.Value
	case judge.Histogram:
		if !histogram || count || gauge {
			return s, errors.New("a histogram has buckets and nothing else")
		}
		s.Buckets = l.Buckets
		if !s.Usable(judge.Histogram) {
			return s, errors.New(`buckets: wanted are pairs [edge, count] with rising edges, the last "+Inf", and counts that are not negative, each of its own bucket alone`)
		}
	default:
		return s, fmt.Errorf("kind %q: allowed are count, histogram and gauge", l.Kind)
	}
	return s, nil
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
