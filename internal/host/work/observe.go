package work

import (
	"context"

	"github.com/slipway-deploy/slipway/internal/host/observe"
)

// observe counts what it is asked for. What cannot be counted says so itself: the
// request as a whole is done.
func (j *job) observe(ctx context.Context) error {
	h := observe.Host{Units: j.units, Names: j.request.Spec.Units, Probe: j.probe(j.request.Version), Program: j.program}
	j.answer.Observed = h.All(ctx, j.request.Observe)
	return nil
}
