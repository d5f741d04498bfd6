package judge

import "math"

// Before corrects for hosts that differ and for errors that come in bursts. Learn makes one.
type Before struct {
	// Ratio is the canary hosts' rate to the baseline hosts' before the deploy; 1 when 0.
	Ratio float64 `json:"ratio,omitempty"`
	// Dispersion is the variance of counts to their mean; 1 (independent errors) when less.
	Dispersion float64 `json:"dispersion,omitempty"`
}

// Learn works out how the arms of a metric differed before the deploy, from ticks of
// that time with the same hosts on the same arms. Without enough of them it says 1
// and 1: few events can show neither.
func Learn(ticks []Tick, metric string) Before {
	canary, baseline := armCounts(ticks, metric, Canary), armCounts(ticks, metric, Baseline)
	return Before{
		Ratio:      shrunkRatio(sumOf(canary), sumOf(baseline)),
		Dispersion: max(1, dispersion(canary), dispersion(baseline)),
	}
}

// armCounts is one arm's count of each tick.
func armCounts(ticks []Tick, metric string, arm Arm) []Count {
	var counts []Count
	for _, t := range ticks {
		var sum Count
		for _, s := range t.Samples {
			if c := (Count{s.Events, s.Exposure}); s.Metric == metric && s.Arm == arm && c.valid() {
				sum = sum.plus(c)
			}
		}
		if sum.Exposure > 0 {
			counts = append(counts, sum)
		}
	}
	return counts
}

func sumOf(counts []Count) Count {
	var sum Count
	for _, c := range counts {
		sum = sum.plus(c)
	}
	return sum
}

// shrunkRatio draws the logarithm of the ratio towards 0 by how little is known of it:
// hosts of one service usually differ by a standard deviation of 0.3, and a ratio from
// few events by much more.
func shrunkRatio(canary, baseline Count) float64 {
	if canary.Exposure == 0 || baseline.Exposure == 0 {
		return 1
	}
	const usual = 0.3 * 0.3
	x, y := canary.Events+0.5, baseline.Events+0.5
	ratio := math.Log(x/canary.Exposure) - math.Log(y/baseline.Exposure)
	unsure := 1/x + 1/y
	return math.Exp(ratio * usual / (usual + unsure))
}

// dispersion is Pearson's: how much more ticks vary than independent events would.
// It needs some ticks, and ticks in which events are expected.
func dispersion(counts []Count) float64 {
	const fewest = 20
	rate := sumOf(counts).rate()
	if len(counts) < fewest || rate == 0 || sumOf(counts).Events < fewest {
		return 1
	}
	squares := 0.0
	for _, c := range counts {
		expected := rate * c.Exposure
		squares += (c.Events - expected) * (c.Events - expected) / expected
	}
	return squares / float64(len(counts)-1)
}
