package judge

import "math"

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

// student is the belief that hosts differ by Student's distribution, with the tails of a
// normal one beyond three of its widths: else no fault of a fleet of two could be told
// from hosts that differ.
func student(scale, freedom float64) belief {
	const tail = 3
	var b belief
	for i := range reach + 1 {
		t := float64(i) * step / scale
		near := min(t, tail)
		v := math.Pow(1+near*near/freedom, -(freedom+1)/2) * math.Exp((near*near-t*t)/2)
		b[reach+i], b[reach-i] = v, v
	}
	return b.normal()
}

// normal is the belief that they differ by a normal distribution.
func normal(sd float64) belief {
	var b belief
	for i := range b {
		z := float64(i-reach) * step / sd
		b[i] = math.Exp(-z * z / 2)
	}
	return b.normal()
}

// times weighs a belief with a likelihood of the difference, given as logarithms.
func (b belief) times(logs *belief) belief {
	most := top(logs[:])
	for i := range b {
		b[i] *= math.Exp(logs[i] - most)
	}
	return b.normal()
}

// either is the one belief or the other, as likely.
func (b belief) either(c belief) belief {
	for i := range b {
		b[i] = (b[i] + c[i]) / 2
	}
	return b
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

// logs are its logarithms.
func (b *belief) logs() belief {
	var out belief
	for i, v := range b {
		out[i] = math.Log(v)
	}
	return out
}
