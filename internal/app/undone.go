package app

import (
	"context"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// askedOf is how many hosts are asked whether they were taken back elsewhere.
const askedOf = 2

// Undone refuses to go on with a rollout that was taken back from another machine, whose
// journal this one does not know: hosts remember it. One that cannot be asked says nothing.
func (a *App) Undone(ctx context.Context, st rollout.State) error {
	var hosts []string
	for i, h := range st.Hosts {
		if h.Updated && h.Command == 0 && len(hosts) < askedOf {
			hosts = append(hosts, st.Plan.Hosts[i].Name)
		}
	}
	facts, err := a.Ask(ctx, st.Plan, hosts)
	if err != nil {
		return nil // the method says so itself when the rollout goes on
	}
	for _, h := range hosts {
		if last := facts[h].Last; last != nil && last.Rollout == st.Plan.ID && last.Restored {
			return &Error{Kind: Refused,
				Err:  fmt.Errorf("rollout %s was taken back on %s by somebody else: it is not what runs there any more", st.Plan.ID, h),
				Hint: "slipway abort " + st.Plan.ID + " ends it here too, and reads every host back"}
		}
	}
	return nil
}
