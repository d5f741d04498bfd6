package rival

import (
	"time"

	"gonum.org/v1/gonum/mathext"
)

// fixed is the test of a textbook: is the canary's share of failed, or of slow, requests
// higher than the baseline's? It is exact (of independent events the canary's share is
// binomial: Przyborowski and Wilenski, Biometrika 31, 1940; R's poisson.test), and valid for
// one look. Peeked at every tick it is what a dashboard with a p-value is.
type fixed struct {
	alpha float64 // of each of the two tests
	peeks bool

	canary, baseline Side
}

func newFixed(alpha float64, peeks bool) func(time.Duration) (Judge, error) {
	return func(time.Duration) (Judge, error) { return &fixed{alpha: alpha / 2, peeks: peeks}, nil }
}

func (f *fixed) Look(t Seen) Verdict {
	f.canary.add(t.Canary)
	f.baseline.add(t.Baseline)
	switch {
	case t.At > 0 && (f.peeks || t.Last) && f.worse():
		return Abort
	case t.Last:
		return Promote
	}
	return Wait
}

func (f *fixed) worse() bool {
	const slow = 0.25 // seconds
	a, b := f.canary.Requests, f.baseline.Requests
	return chance(f.canary.Errors, a, f.baseline.Errors, b) <= f.alpha ||
		chance(f.canary.over(slow), a, f.baseline.over(slow), b) <= f.alpha
}

// chance is the one-sided p-value: how likely x or more of the x+y events are the canary's
// when both arms are alike, with exposures a and b.
func chance(x, a, y, b float64) float64 {
	if x == 0 || a == 0 || b == 0 {
		return 1
	}
	return mathext.RegIncBeta(x, y+1, a/(a+b))
}
