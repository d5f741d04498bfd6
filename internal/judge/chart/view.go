package chart

import (
	"math"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Where things lie.
const (
	width, height      = 960, 600
	left, right        = 84, 24
	ratesTop, ratesEnd = 84, 318
	proofTop, proofEnd = 366, 500
)

// view turns times, rates and evidence into places.
type view struct {
	points        []point
	end           time.Duration
	low, high     float64 // of the rates
	least, most   float64 // of the evidence, as powers of ten
	threshold     float64
	rateTicks     []float64
	evidenceTicks []float64
}

func newView(points []point, last judge.Finding, marks []Mark) view {
	v := view{points: points, end: max(points[len(points)-1].at, time.Second), threshold: finite(last.AlarmAt, 0) / math.Ln10}
	for _, m := range marks {
		v.end = max(v.end, m.At)
	}
	for i, p := range points {
		v.high = max(v.high, p.Canary.Value, p.Baseline.Value)
		if i >= len(points)/5 {
			// The first intervals are so wide that nothing else could be seen.
			v.high = max(v.high, min(p.Canary.High, 3*p.Canary.Value), min(p.Baseline.High, 3*p.Baseline.Value))
		}
		e := p.Against / math.Ln10
		v.least, v.most = min(v.least, e), max(v.most, e)
	}
	if v.high <= 0 {
		v.high = points[len(points)-1].Canary.High
	}
	if v.high <= 0 {
		v.high = 1
	}
	v.low = 0
	if points[0].Kind == judge.Gauge {
		v.low, v.high = extent(points)
	}
	v.high += (v.high - v.low) * 0.08
	v.least, v.most = max(v.least, -3), min(max(v.most, v.threshold)*1.15+0.2, v.threshold*3+1)
	v.rateTicks = ticks(v.low, v.high, 5)
	v.evidenceTicks = ticks(math.Floor(v.least), v.most, 4)
	return v
}

// extent is the least and the greatest value of a gauge, which need not begin at 0.
func extent(points []point) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		for _, r := range []judge.Rate{p.Canary, p.Baseline} {
			if r.Exposure > 0 {
				low, high = min(low, r.Low, r.Value), max(high, r.High, r.Value)
			}
		}
	}
	switch {
	case math.IsInf(low, 0) || math.IsInf(high, 0) || math.IsNaN(low) || math.IsNaN(high):
		return 0, 1
	case !(high > low):
		return min(low, 0), max(high, 1)
	}
	return low, high
}

func (v view) x(at time.Duration) float64 {
	return left + (width-left-right)*part(at.Seconds(), 0, v.end.Seconds())
}

func (v view) rate(r float64) float64 {
	return ratesEnd - (ratesEnd-ratesTop)*part(r, v.low, v.high)
}

func (v view) proof(power float64) float64 {
	return proofEnd - (proofEnd-proofTop)*part(power, v.least, v.most)
}

// part is how far a value is on the way from one to another, from 0 to 1 whatever they are.
func part(value, from, to float64) float64 {
	share := (value - from) / (to - from)
	if math.IsNaN(share) {
		return 0
	}
	return min(1, max(0, share))
}

// ticks are round numbers between two, about so many.
func ticks(low, high float64, about int) []float64 {
	raw := (high - low) / float64(about)
	if !(raw > 0) || math.IsInf(raw, 0) {
		return nil
	}
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, f := range []float64{1, 2, 5} {
		if f*unit >= raw {
			step = f * unit
			break
		}
	}
	var found []float64
	for i := math.Ceil(low / step); i*step <= high && len(found) < 20; i++ {
		found = append(found, i*step)
	}
	return found
}

// amount is a rate in percent, or a gauge's value.
func amount(kind judge.Kind, v float64) string {
	if kind == judge.Gauge {
		return number(v)
	}
	return number(100*v) + " %"
}

func number(v float64) string { return judge.Number(v, 3) }
