package rival

import "time"

// argo is a background AnalysisRun of argoproj/argo-rollouts (docs/features/analysis.md;
// analysis/analysis.go): every interval the canary's success rate over that interval is
// measured, and the run fails when more than failureLimit measurements have failed, in a
// row or not. One that does not meet the successCondition has failed, and so has one of no
// requests, whose rate is NaN (the page's "NaN and Infinity"). Without a count the run goes
// on until the rollout is through.
//
// Where the example says irate, which sees but the last two scrapes of the five minutes,
// the whole interval is measured, and nothing before the first one is over: both spare it
// false alarms. Its page says of failureLimit 3 that three failed measurements fail the
// run; the program and the field's own description want a fourth, and so does this.
type argo struct {
	every        time.Duration
	success      float64
	failureLimit int

	window Side
	failed int
}

func (a argo) begin(time.Duration) (Judge, error) { return &a, nil }

func (a *argo) Look(t Seen) Verdict {
	a.window.add(t.Canary)
	if t.At > 0 && t.At%a.every == 0 {
		if a.window.Requests == 0 || a.window.success() < a.success {
			a.failed++
		}
		a.window = Side{}
	}
	switch {
	case a.failed > a.failureLimit:
		return Abort
	case t.Last:
		return Promote
	}
	return Wait
}
