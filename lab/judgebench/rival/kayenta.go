package rival

import (
	"math"
	"slices"
	"time"
)

// kayenta is Kayenta's NetflixACAJudge (docs: "Canary judge", "Canary configuration"): at
// the end of an interval the canary's and the baseline's series of each metric, a point a
// minute, are compared with the Mann-Whitney test. A metric is High when the lower bound of
// the 98 % confidence interval of the shift lies above 0.25 times the estimated shift, and
// the mean has risen by more than the metric's allowedIncrease, which one sets for a gauge
// such as memory that differs from host to host. The
// score is the share of metrics that are not; a score under the marginal threshold of 75
// fails, which one of three metrics is enough for.
type kayenta struct {
	interval time.Duration // 0: the whole bake

	canary, baseline Side // of this minute
	series           [3]pair
}

// pair is the two series of a metric.
type pair struct{ canary, baseline []float64 }

const (
	kayentaTolerance = 0.25
	kayentaQuantile  = 2.3263478740408408 // of the normal distribution, 98 % between
	kayentaMarginal  = 75
)

func newKayenta(interval time.Duration) func(time.Duration) (Judge, error) {
	return func(time.Duration) (Judge, error) { return &kayenta{interval: interval}, nil }
}

func (k *kayenta) Look(t Seen) Verdict {
	k.canary.add(t.Canary)
	k.baseline.add(t.Baseline)
	if t.At > 0 && t.At%time.Minute == 0 {
		k.minute()
	}
	if !t.Last && (k.interval == 0 || t.At < k.interval) {
		return Wait
	}
	if k.score() < kayentaMarginal {
		return Abort
	}
	return Promote
}

func (k *kayenta) minute() {
	for i, of := range []func(*Side) float64{
		func(s *Side) float64 { return 1 - s.success() },
		func(s *Side) float64 { return s.quantile(0.99) },
		func(s *Side) float64 { return s.Memory / s.Hosts },
	} {
		p := &k.series[i]
		p.canary, p.baseline = point(p.canary, of(&k.canary)), point(p.baseline, of(&k.baseline))
	}
	k.canary, k.baseline = Side{}, Side{}
}

// point adds a point to a series; one that is missing is left out.
func point(series []float64, v float64) []float64 {
	if math.IsNaN(v) {
		return series
	}
	return append(series, v)
}

func (k *kayenta) score() float64 {
	passed := 0.0
	for i, p := range k.series {
		if !p.high(allowedIncreases()[i]) {
			passed++
		}
	}
	return 100 * passed / float64(len(k.series))
}

// allowedIncreases are of errors, of the 99th percentile (both are the default), and of memory.
func allowedIncreases() [3]float64 { return [3]float64{1, 1, 1.1} }

// high is the classification of a metric for which more is worse.
func (p pair) high(allowedIncrease float64) bool {
	estimate, low, ok := shift(p.canary, p.baseline)
	return ok && low > kayentaTolerance*math.Abs(estimate) && mean(p.canary) >= allowedIncrease*mean(p.baseline)
}

func mean(series []float64) float64 {
	sum := 0.0
	for _, v := range series {
		sum += v
	}
	return sum / float64(len(series))
}

// shift is the Hodges-Lehmann estimate of how much higher a is than b, and the lower bound
// of its 98 % confidence interval, from the normal approximation of the rank sum.
func shift(a, b []float64) (estimate, low float64, ok bool) {
	m, n := float64(len(a)), float64(len(b))
	if m == 0 || n == 0 {
		return 0, 0, false
	}
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
	k := int(math.Round(m*n/2 - kayentaQuantile*math.Sqrt(m*n*(m+n+1)/12)))
	return estimate, differences[max(0, k-1)], true
}
