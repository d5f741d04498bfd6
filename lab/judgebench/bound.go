package judgebench

import "gonum.org/v1/gonum/mathext"

// Alpha is the promise: false alarms in at most one healthy rollout of a thousand.
const Alpha = 0.001

// sure is how surely a bound holds, each side by itself.
const sure = 0.95

// upper is the Clopper-Pearson upper bound of a share of which k of n were seen; about
// 3/n when none was.
func upper(k, n int) float64 {
	if k >= n {
		return 1
	}
	return mathext.InvRegIncBeta(float64(k+1), float64(n-k), sure)
}

// lower is the bound on the other side.
func lower(k, n int) float64 {
	if k == 0 {
		return 0
	}
	return mathext.InvRegIncBeta(float64(k), float64(n-k+1), 1-sure)
}

// Kept says whether a judge kept false alarms within Alpha on a stream.
type Kept string

// What the counts show.
const (
	KeptSurely Kept = "surely" // the upper bound is within Alpha
	KeptSeen   Kept = "seen"   // what was counted is
	Unclear    Kept = "unclear"
	Broken     Kept = "broken" // the lower bound is above Alpha
)

func kept(k, n int) Kept {
	switch {
	case n == 0:
		return Unclear
	case upper(k, n) <= Alpha:
		return KeptSurely
	case float64(k) <= Alpha*float64(n):
		return KeptSeen
	case lower(k, n) <= Alpha:
		return Unclear
	}
	return Broken
}

// holds reports whether a judge may be ranked: nothing shows that it breaks the promise.
func (k Kept) holds() bool { return k != Broken }
