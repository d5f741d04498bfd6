package judge

import "math"

// widths is how many spreads of hosts are tried.
const widths = 10

// width is the j-th spread, in usual ones, and how likely it is before any host was seen. That hosts are alike, as those of
// one service behind one balancer mostly are, is as likely as that they differ as usual; that they differ by far more
// can be learnt.
func width(j int) (times, weight float64) {
	return [widths]float64{0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.3, 1.7, 2.3, 3.3}[j],
		[widths]float64{0.12, 0.12, 0.12, 0.12, 0.15, 0.22, 0.13, 0.0189, 0.001, 0.0001}[j]
}

// spread is how likely it is that hosts differ by each of the widths: the standard deviation of the logarithm of
// their rates.
type spread [widths]float64

// spread is what the hosts show: their counts are negative binomial, around a rate of all that may be any.
func (s *stream) spread(usual, dispersion float64) spread {
	var out spread
	all := sumOf(s.known)
	for j := range out {
		times, weight := width(j)
		out[j] = math.Log(weight)
		if all.Events == 0 {
			continue
		}
		shape, known := 1/(times*usual*times*usual), 0.0
		for _, c := range s.known {
			if c.Exposure > 0 {
				x, e := c.Events/dispersion, c.Exposure*all.rate()/dispersion
				out[j] += rising(shape, x) - (shape+x)*math.Log1p(e/shape) - x*math.Log(shape)
				known += e / (1 + e/shape)
			}
		}
		out[j] -= math.Log(known) / 2 // Laplace's: how surely the rate of all is known
	}
	most, sum := top(out[:]), 0.0
	for j := range out {
		out[j] = math.Exp(out[j] - most)
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
	return out
}

// variance is that of the logarithm of a host's rate, as is to be expected.
func (p *spread) variance(usual float64) float64 {
	sum := 0.0
	for j, likely := range p {
		times, _ := width(j)
		sum += likely * times * times
	}
	return sum * usual * usual
}

// belief is how the mean of some hosts may differ from that of others, of whom there are so many as between tells.
func (p *spread) belief(usual, between float64) belief {
	const least = 0.05
	var b belief
	for j, likely := range p {
		times, _ := width(j)
		one := normal(max(least, times*usual*between))
		for i := range b {
			b[i] += likely * one[i]
		}
	}
	return b
}

// odd lets three in a hundred hosts be of its own kind, when its own past, of so many errors expected, can tell: without one no fault
// of a few hosts could be told from that.
func (b belief) odd(expected float64) belief {
	const most, enough, width = 0.03, 0.5, 1.2
	chance, wide := most*expected/(expected+enough), normal(width)
	for i := range b {
		b[i] = (1-chance)*b[i] + chance*wide[i]
	}
	return b
}
