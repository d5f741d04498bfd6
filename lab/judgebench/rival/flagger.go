package rival

import "time"

// flagger is Flagger's rule (docs: "Deployment Strategies" and "Metrics Analysis"): every
// interval the metrics of the canary over that interval are compared with fixed ranges; an
// interval in which one is out of range is a failed check, and at the threshold of failed
// checks the canary is rolled back. Checks that pass do not take failed ones back.
//
// The documentation gives the time to a rollback as interval * threshold; so it is here,
// though the program acts on the count an interval later.
type flagger struct {
	every            time.Duration
	success, slowest float64 // at least; seconds, at most, of the 99th percentile
	threshold        int

	window Side
	failed int
}

func (f flagger) begin(time.Duration) (Judge, error) { return &f, nil }

func (f *flagger) Look(t Seen) Verdict {
	f.window.add(t.Canary)
	if t.At > 0 && t.At%f.every == 0 {
		if f.window.success() < f.success || f.window.quantile(0.99) > f.slowest {
			f.failed++
		}
		f.window = Side{}
	}
	switch {
	case f.failed >= f.threshold:
		return Abort
	case t.Last:
		return Promote
	}
	return Wait
}
