package judge

import "math"

// A grid holds the logarithm of a likelihood for many ratios of the canary's rate to the
// baseline's at once: cell k is for the tolerated ratio times e^(k·step).
const (
	step   = 0.1
	lowest = -reach + fewest
	cells  = reach + most - lowest + 1
	reach  = 25  // hosts are taken to differ by no more than e^(reach·step), 12 times
	most   = 38  // the greatest alternative, in steps
	fewest = -23 // the smallest, when it is asked whether the canary is not worse
)

type grid [cells]float64

// alternative is a ratio that is tried against what is tolerated, in steps, and its weight.
type alternative struct {
	steps  int
	weight float64
}

// tried is how many alternatives to "not worse" there are, triedBetter how many to a rate that is too high to pass.
const tried, triedBetter = 6, 5

// worseBy are the alternatives to "not worse": 1.5 to 45 times the tolerated rate. Evidence
// is the mean over them, so none has to be guessed; most weight is on the common ones.
func worseBy() [tried]alternative {
	return [tried]alternative{{4, 0.03}, {7, 0.10}, {10, 0.30}, {15, 0.23}, {22, 0.27}, {most, 0.07}}
}

// betterBy are the alternatives to a rate that is too high to pass: half of it, a third
// (a canary that is as good as the baseline, at the defaults), and less.
func betterBy() [triedBetter]alternative {
	return [triedBetter]alternative{{-4, 0.15}, {-7, 0.25}, {-11, 0.40}, {-16, 0.12}, {fewest, 0.08}}
}

func (g *grid) add(h *grid) {
	for i := range g {
		g[i] += h[i]
	}
}

// top is the greatest value of some cells.
func top(logs []float64) float64 {
	v := math.Inf(-1)
	for _, l := range logs {
		v = max(v, l)
	}
	return v
}

// mean is the logarithm of the mean likelihood over how the hosts may differ, when the release makes the rate e^(shift·step)
// times what is tolerated.
func (g *grid) mean(b *belief, shift int) float64 {
	logs := b.logs()
	for i := range logs {
		logs[i] += g[shift+i-reach-lowest]
	}
	return logSum(logs[:])
}
