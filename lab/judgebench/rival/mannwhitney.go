package rival

import (
	"math"
	"slices"
)

// What NetflixACAJudge.scala gives its MannWhitneyClassifier.scala.
const (
	kayentaTolerance = 0.25
	kayentaQuantile  = 2.3263478740408408 // of the normal distribution, 98 % between
)

// high is Kayenta's classification of a metric for which more is worse: the lower bound of
// the 98 % interval of the shift lies above a quarter of its estimate, and the ratio of the
// means is allowedIncrease or more, where there is a ratio.
func (p pair) high(allowedIncrease float64) bool {
	estimate, low := shift(p.canary, p.baseline, kayentaQuantile)
	return low > kayentaTolerance*math.Abs(estimate) && mean(p.canary) >= allowedIncrease*mean(p.baseline)
}

func mean(series []float64) float64 {
	sum := 0.0
	for _, v := range series {
		sum += v
	}
	return sum / float64(len(series))
}

// shift is the Hodges-Lehmann estimate of how much higher a is than b, and the lower bound
// of its interval from the normal approximation of the rank sum, with corrections for
// continuity and for ties: what R's wilcox.test(a, b, exact = FALSE, conf.int = TRUE)
// finds, and Kayenta's MannWhitney.scala after it. They search for the bound up to 0.0001,
// which is coarse for a share of requests; it is one of the differences, and here exact.
func shift(a, b []float64, quantile float64) (estimate, low float64) {
	differences := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			differences = append(differences, x-y)
		}
	}
	slices.Sort(differences)
	half := len(differences) / 2
	estimate = differences[half]
	if len(differences)%2 == 0 {
		estimate = (estimate + differences[half-1]) / 2
	}
	m, n := float64(len(a)), float64(len(b))
	spread := math.Sqrt(m * n / 12 * (m + n + 1 - (ties(a)+ties(b))/((m+n)*(m+n-1))))
	// Moved down by d, a has m*n-k pairs above b when d lies beyond k differences. That is
	// too many for chance up to this k, and the next difference is the bound.
	k := int(math.Floor(m*n/2 - 0.5 - quantile*spread))
	return estimate, differences[max(0, k)]
}

// ties is the sum of t^3-t over the groups of t equal values. Moved by anything but one of
// the differences, two series have no other ties than their own.
func ties(series []float64) float64 {
	sorted := slices.Sorted(slices.Values(series))
	sum, t := 0.0, 0.0
	for i, v := range sorted {
		if i > 0 && v != sorted[i-1] {
			t = 0
		}
		// (t+1)^3-(t+1) less t^3-t.
		sum += 3 * t * (t + 1)
		t++
	}
	return sum
}
