package rival

import "time"

// flagger is Flagger's rule as fluxcd/flagger has it (docs/gitbook/usage/how-it-works.md,
// metrics.md, deployment-strategies.md; pkg/controller/scheduler.go): every interval the
// metrics of the canary over the last minute are compared with fixed ranges; an interval in
// which one is out of range, or has no value because nothing was requested, is a failed
// check, and at the threshold of failed checks the canary is rolled back. They are counted
// over the whole analysis: checks that pass do not take failed ones back.
//
// The documentation gives the time to a rollback as interval * threshold; so it is here,
// though the program acts on the count an interval later. An analysis takes
// interval * (maxWeight / stepWeight), here the bake, with the same weight all along; a
// failed check does not make it longer, as it does there.
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
		if f.outOfRange() {
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

func (f *flagger) outOfRange() bool {
	return f.window.Requests == 0 || f.window.success() < f.success || f.window.quantile(0.99) > f.slowest
}
