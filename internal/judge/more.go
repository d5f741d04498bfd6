package judge

import "math"

// more is about how many more canary requests bring a verdict if the rates stay what
// they were; 0 when they would bring none.
func (s State) more(m Metric, k MetricState) float64 {
	fail := requests(s.alarmAt()-k.against(m), gainAgainst(m, k))
	pass := requests(s.passAt()-k.favour(m), gainFor(m, k))
	n := min(fail, pass)
	if math.IsInf(n, 1) || n > 1e12 {
		return 0
	}
	return twoDigits(n)
}

// requests is how many it takes to win evidence at a gain for each.
func requests(evidence, gain float64) float64 {
	if gain <= 0 || !finite(gain) {
		return math.Inf(1)
	}
	return max(1, evidence/gain)
}

// expected is what one more canary request brings on average: itself, its events, and the
// baseline's meanwhile. A rate of nothing so far is taken as half an event.
func (k MetricState) expected() (x, y, b float64) {
	a := k.Canary.Exposure
	x = max(k.Canary.Events, 0.5) / a
	b = k.Baseline.Exposure / a
	if k.Baseline.Exposure > 0 {
		y = max(k.Baseline.Events, 0.5) / a
	}
	return x, y, b
}

func gainAgainst(m Metric, k MetricState) float64 {
	x, y, b := k.expected()
	gain := 0.0
	if m.WorseBy > 0 {
		gain = max(gain, best(worse(x, 1, y, b, m.tolerated())))
	}
	if m.AtMost > 0 {
		gain = max(gain, best(above(x, 1, m.AtMost)))
	}
	return gain / m.dispersion()
}

func gainFor(m Metric, k MetricState) float64 {
	x, y, b := k.expected()
	gain := math.Inf(1)
	if m.WorseBy > 0 {
		gain = max(best(better(x, 1, y, b, m.tolerated())), best(below(k.Canary.rate(), 1, m.Negligible)))
	}
	if m.AtMost > 0 {
		gain = min(gain, best(below(k.Canary.rate(), 1, m.AtMost)))
	}
	return gain / m.dispersion()
}

// best is the greatest increment over the alternatives.
func best(increment func(d float64) float64) float64 {
	top := math.Inf(-1)
	for _, f := range factors() {
		top = max(top, increment(math.Log(f)))
	}
	return top
}

// twoDigits rounds up to two significant digits: more would promise too much.
func twoDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Ceil(v/unit-1e-9) * unit
}
