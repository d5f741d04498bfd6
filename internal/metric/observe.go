package metric

import (
	"context"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Observer counts on hosts, through the method of a plan.
type Observer interface {
	// Observe asks the helper of each host in want once, and calls each once for every
	// host that it knows something of: what was observed, in the order asked, or why
	// nothing was. An error means that nobody could be asked; what each was told stands.
	Observe(ctx context.Context, plan *rollout.Plan, want map[string][]host.Observation, each func(name string, seen []host.Observed, err error)) error
}
