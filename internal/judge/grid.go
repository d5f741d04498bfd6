package judge

import "math"

// A grid holds the logarithm of a likelihood for many ratios of the canary's rate to the
// baseline's at once: cell k is for the tolerated ratio times e^(k·step).
const (
	step   = 0.1
	lowest = -reach + fewest
	cells  = reach + most - lowest + 1
	reach  = 25  // hosts are taken to differ by no more than e^(reach·step), 12 times
	most   = 46  // the greatest alternative, in steps
	fewest = -23 // the smallest, when it is asked whether the canary is not worse
)

type grid [cells]float64

// alternative is a ratio that is tried against what is tolerated, in steps, and its weight.
type alternative struct {
	steps  int
	weight float64
}

// worseBy are the alternatives to "not worse": 1.2 to 100 times the tolerated rate. Evidence
// is the mean over them, so none has to be guessed; most weight is on the common ones.
func worseBy() [8]alternative {
	return [8]alternative{{2, 0.04}, {4, 0.08}, {7, 0.15}, {11, 0.22}, {16, 0.22}, {23, 0.17}, {34, 0.09}, {most, 0.03}}
}

// betterBy are the alternatives to "worse": the tolerated rate divided by 1.2 to 10.
func betterBy() [6]alternative {
	return [6]alternative{{-2, 0.10}, {-4, 0.25}, {-7, 0.20}, {-11, 0.15}, {-16, 0.15}, {fewest, 0.15}}
}

func (g grid) plus(h grid) grid {
	for i := range g {
		g[i] += h[i]
	}
	return g
}

func (g grid) minus(h grid) grid {
	for i := range g {
		g[i] -= h[i]
	}
	return g
}

func (g grid) times(c float64) grid {
	for i := range g {
		g[i] *= c
	}
	return g
}

// each makes a grid from a function of the logarithm of the ratio to what is tolerated.
func each(f func(theta float64) float64) grid {
	var g grid
	for i := range g {
		g[i] = f(float64(i+lowest) * step)
	}
	return g
}

// relative is e^g with the greatest 1, and what was taken off.
func (g grid) relative() (grid, float64) {
	top := math.Inf(-1)
	for _, v := range g {
		top = max(top, v)
	}
	for i := range g {
		g[i] = math.Exp(g[i] - top)
	}
	return g, top
}

// belief is how likely it is that the canary's hosts differ from the baseline's by
// e^((i-reach)·step), whatever they run.
type belief [2*reach + 1]float64

func (b belief) normal() belief {
	sum := 0.0
	for _, v := range b {
		sum += v
	}
	if !(sum > 0) {
		return alike()
	}
	for i := range b {
		b[i] /= sum
	}
	return b
}

// alike is the belief that hosts do not differ.
func alike() belief {
	var b belief
	b[reach] = 1
	return b
}

// student is the belief that hosts differ by Student's distribution.
func student(scale, freedom float64) belief {
	var b belief
	for i := range b {
		t := float64(i-reach) * step / scale
		b[i] = math.Pow(1+t*t/freedom, -(freedom+1)/2)
	}
	return b.normal()
}

// times weighs a belief with a likelihood of the difference.
func (b belief) times(likelihood func(rho float64) float64) belief {
	var logs belief
	top := math.Inf(-1)
	for i := range logs {
		logs[i] = likelihood(float64(i-reach) * step)
		top = max(top, logs[i])
	}
	for i := range b {
		b[i] *= math.Exp(logs[i] - top)
	}
	return b.normal()
}

// blurred lets what was learnt be off by a normal error.
func (b belief) blurred(sd float64) belief {
	var out, kernel belief
	for i := range kernel {
		z := float64(i) * step / sd
		kernel[i] = math.Exp(-z * z / 2)
	}
	for i, v := range b {
		for j := range out {
			out[j] += v * kernel[max(i-j, j-i)]
		}
	}
	return out.normal()
}

// average is the mean of a relative likelihood over how the hosts may differ, when the
// release makes the rate e^(shift·step) times what is tolerated.
func (b belief) average(likelihood *grid, shift int) float64 {
	sum := 0.0
	for i, v := range b {
		sum += v * likelihood[i-reach-lowest+shift]
	}
	return sum
}
