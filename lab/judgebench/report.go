package judgebench

import (
	"math"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/rival"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// Report is what a run has counted.
type Report struct {
	Config Config
	Rows   []Row
}

// Row is what one judge did about the rollouts of one stream, release and cell.
type Row struct {
	Stream string  `json:"stream"`
	Judge  string  `json:"judge"`
	Fault  string  `json:"fault"`
	Rate   float64 `json:"rate"`  // requests a second; 0: all cells
	Share  float64 `json:"share"` // of the canary; 0: all cells
	N      int     `json:"rollouts"`

	Aborted  int `json:"aborted"` // of a bad release: after its fault set in
	Early    int `json:"early"`   // of a bad release: aborted before its fault set in
	Promoted int `json:"promoted"`
	Held     int `json:"held"`

	// Of the aborts of a healthy release.
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
	Kept  Kept    `json:"kept,omitempty"`

	// Medians over the rollouts of a bad release, from when its fault set in; one that was
	// not aborted counts as longer and more than any. Nil when they are the median.
	Seconds *float64 `json:"median_seconds"`
	Hurt    *float64 `json:"median_hurt"`
}

// Missed is the share of bad rollouts that were not aborted.
func (r Row) Missed() float64 {
	n := r.N - r.Early
	if n == 0 {
		return 0
	}
	return float64(n-r.Aborted) / float64(n)
}

// key tells rows apart.
type key struct {
	stream, judge string
	fault         string
	cell          stream.Cell // zero: all
}

// pile is what a row is counted from.
type pile struct {
	row           Row
	seconds, hurt []float64
}

func (c Config) report(jobs []job, results [][]outcome) Report {
	piles := map[key]*pile{}
	var order []key
	add := func(k key, onset time.Duration, o outcome) {
		p := piles[k]
		if p == nil {
			p = &pile{row: Row{Stream: k.stream, Judge: k.judge, Fault: k.fault, Rate: k.cell.Rate, Share: k.cell.Share}}
			piles[k] = p
			order = append(order, k)
		}
		p.add(onset, o)
	}
	for i, j := range jobs {
		for _, s := range c.alike(j) {
			for n, o := range results[i] {
				k := key{s.Name, c.Contenders[n].Name, j.fault.Name, stream.Cell{}}
				add(k, s.Onset, o)
				k.cell = c.Cells[j.cell]
				add(k, s.Onset, o)
			}
		}
	}
	r := Report{Config: c}
	for _, k := range order {
		r.Rows = append(r.Rows, piles[k].sum())
	}
	return r
}

// alike are the streams that a rollout counts for.
func (c Config) alike(j job) []stream.Stream {
	s := c.Streams[j.stream]
	all := []stream.Stream{s}
	if j.fault.Name != stream.Healthy().Name {
		return all
	}
	for _, other := range c.Streams {
		if other.Like == s.Name {
			all = append(all, other)
		}
	}
	return all
}

func (p *pile) add(onset time.Duration, o outcome) {
	p.row.N++
	after := o.at - onset
	healthy := p.row.Fault == stream.Healthy().Name
	switch {
	case o.verdict == rival.Abort && after <= 0 && !healthy:
		p.row.Early++
		return
	case o.verdict == rival.Abort:
		p.row.Aborted++
		p.seconds = append(p.seconds, after.Seconds())
		p.hurt = append(p.hurt, o.hurt)
		return
	case o.verdict == rival.Hold:
		p.row.Held++
	default:
		p.row.Promoted++
	}
	p.seconds = append(p.seconds, math.Inf(1))
	p.hurt = append(p.hurt, math.Inf(1))
}

func (p *pile) sum() Row {
	r := p.row
	if r.Fault == stream.Healthy().Name {
		r.Lower, r.Upper, r.Kept = lower(r.Aborted, r.N), upper(r.Aborted, r.N), kept(r.Aborted, r.N)
		return r
	}
	r.Seconds, r.Hurt = median(p.seconds), median(p.hurt)
	return r
}

// median is the higher one of two in the middle, nil when it is infinite or of nothing.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	m := values[len(values)/2]
	if math.IsInf(m, 1) {
		return nil
	}
	return &m
}

// row is the one of a key; one that was not run is empty.
func (r Report) row(k key) Row {
	for _, row := range r.Rows {
		if row.Stream == k.stream && row.Judge == k.judge && row.Fault == k.fault && row.Rate == k.cell.Rate && row.Share == k.cell.Share {
			return row
		}
	}
	return Row{}
}
