package judge

import (
	"math"
	"slices"
)

// interval is the rate with Wilson's 95 % interval: never empty, never beyond 0,
// right for no events at all. Where there can be more events than exposures (restarts
// an hour) it is the same for Poisson's counts.
func (c Count) interval() Rate {
	const z = 1.959964
	r := Rate{Events: c.Events, Exposure: c.Exposure, Value: c.rate()}
	if c.Exposure == 0 {
		return r
	}
	x, n := c.Events, c.Exposure
	if x > n {
		half := z * math.Sqrt(x+z*z/4)
		r.Low, r.High = (x+z*z/2-half)/n, (x+z*z/2+half)/n
		return r
	}
	half := z * math.Sqrt(x*(n-x)/n+z*z/4)
	r.Low, r.High = max(0, (x+z*z/2-half)/(n+z*z)), min(1, (x+z*z/2+half)/(n+z*z))
	return r
}

// outlier is the canary host whose share of the events is so far above its share of the
// exposure that chance makes it once in a thousand rollouts, and at least double.
func (k *metric) outlier() string {
	all, hosts := sumOf(k.hosts), 0.0
	for _, h := range k.hosts {
		if h.Exposure > 0 {
			hosts++
		}
	}
	worst, least := "", 0.001/max(hosts, 1)
	for i, h := range k.hosts {
		rest := Count{all.Events - h.Events, all.Exposure - h.Exposure}
		if h.Events < 3 || rest.Exposure <= 0 || h.rate() < 2*rest.rate() {
			continue
		}
		if p := atLeast(h.Events, all.Events, h.Exposure/all.Exposure); p < least {
			worst, least = k.roster.names[i], p
		}
	}
	return worst
}

// atLeast is the chance of x or more of n events falling to a host with this share.
func atLeast(x, n, share float64) float64 {
	x, n = math.Floor(x), math.Floor(n)
	var terms []float64
	for i := x; i <= n && len(terms) < 10000; i++ {
		terms = append(terms, choose(n, i)+i*math.Log(share)+(n-i)*math.Log1p(-share))
	}
	slices.Sort(terms)
	if len(terms) == 0 {
		return 1
	}
	return min(1, math.Exp(logSum(terms)))
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
