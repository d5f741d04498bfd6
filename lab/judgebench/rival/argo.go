package rival

import "time"

// argo is an AnalysisRun of Argo Rollouts (docs: "Analysis & Progressive Delivery"): every
// interval the canary's success rate over that interval is measured, a measurement that
// does not meet the successCondition is a failed one, and the run fails when more than
// failureLimit have failed. A measurement of nothing is none.
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
		if a.window.success() < a.success {
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
