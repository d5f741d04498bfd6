package app

import (
	"context"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// unbalanced is the traffic of a plan without balancers: whoever reaches a host
// reaches its service. To give such a host back is nothing to do; to take one out of
// traffic is more than can be done, and no such plan asks for it.
type unbalanced struct{}

var _ engine.Traffic = unbalanced{}

// Run implements engine.Traffic.
func (unbalanced) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	switch job.Command.Kind {
	case rollout.Return, rollout.Expose:
		for _, name := range job.Command.Hosts {
			report(engine.Report{Host: name, Outcome: rollout.OK})
		}
		return nil
	}
	return fmt.Errorf("%w: there is no balancer to %s hosts with", engine.ErrUntouched, job.Command.Kind)
}
