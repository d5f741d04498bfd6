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
		return view.Finding{Command: c.ID, Stage: u.State.Plan.Stages[c.Stage].Name, Time: now, Judged: view.JudgedOf(*u.Finding)}, true
	}
	return view.Finding{}, false
}
