package judge

import (
	"math"
	"time"
)

// more is about how many more canary requests bring a verdict if the rates stay what they
// were, and how much longer that takes; 0 when they would bring none. It asks what
// the evidence would be had everything so far been seen so many times over.
func (s *State) more(k *metric) (float64, time.Duration) {
	if k.Kind == Gauge || k.canary.Exposure == 0 || s.at <= 0 {
		return 0, 0
	}
	decided := func(factor float64) bool {
		against := k.foreseen(s.config, factor)
		return against >= s.alarmAt() || (against < s.passAt() && k.favour(s, factor) >= s.passAt())
	}
	low, high := 1.0, 2.0
	for ; !decided(high); low, high = high, 3*high {
		if high > 1000 {
			return 0, 0
		}
	}
	for range 4 {
		if middle := math.Sqrt(low * high); decided(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	took := (high - 1) * float64(s.at)
	if took > float64(tooLate) {
		return 0, 0
	}
	return twoDigits((high - 1) * k.canary.Exposure), time.Duration(took).Round(time.Second)
}

// tooLate is when a verdict comes that need not be told of: no bake lasts so long.
const tooLate = 365 * 24 * time.Hour

// foreseen is the evidence against it if everything had been seen that many times over, from the start.
func (k *metric) foreseen(c Config, factor float64) float64 {
	ratio := 0.0
	switch {
	case k.WorseBy == 0:
	case k.Kind == Histogram:
		var logs []float64
		for _, e := range k.shape.edges {
			if e.stream.comparable() {
				logs = append(logs, e.stream.all.foreseen(&e.stream, c.Spread, 1, factor))
			}
		}
		ratio = logMean(logs)
	case k.ratio.comparable():
		ratio = k.ratio.all.foreseen(&k.ratio, c.Spread, k.WorseBy, factor)
	}
	if k.AtMost == 0 {
		return ratio
	}
	hosts := alike()
	guard := k.guard.now(1).times(factor).fromStart(&hosts)
	if k.WorseBy == 0 {
		return guard
	}
	return logMean([]float64{ratio, guard})
}

// twoDigits rounds up to two significant digits: more would promise too much.
func twoDigits(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Ceil(v/unit-1e-9) * unit
}
