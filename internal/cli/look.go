package cli

import (
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// look returns what hands the judge's findings to the session. One that comes while
// the last is not shown yet is left out: the next is better.
func (in *streams) look(now func() time.Time) func(app.Update) {
	return func(u app.Update) {
		f, ok := finding(u, now())
		if !ok {
			return
		}
		select {
		case in.looks <- f:
		default:
		}
	}
}

// finding is what an update tells of the bake that is going on.
func finding(u app.Update, now time.Time) (view.Finding, bool) {
	if u.Finding == nil {
		return view.Finding{}, false
	}
	for _, c := range u.State.Pending {
		if c.Kind != rollout.BakeStage {
			continue
		}
		f := view.Finding{
			Command: c.ID, Stage: u.State.Plan.Stages[c.Stage].Name, Time: now, At: u.Finding.At,
			Verdict: rollout.Verdict(u.Finding.Verdict), Reason: u.Finding.Reason, Against: u.Finding.Against,
		}
		for _, m := range u.Finding.Metrics {
			f.Metrics = append(f.Metrics, view.FindingMetric{
				Name: m.Name, Verdict: rollout.Verdict(m.Verdict), Reason: m.Reason, DryRun: m.DryRun,
				Kind: string(m.Kind), Edge: m.Edge,
				Canary:   view.Rate{Events: m.Canary.Events, Requests: m.Canary.Exposure},
				Baseline: view.Rate{Events: m.Baseline.Events, Requests: m.Baseline.Exposure},
				Against:  m.Against, For: m.For, More: m.More, Outlier: m.Outlier,
			})
		}
		return f, true
	}
	return view.Finding{}, false
}
