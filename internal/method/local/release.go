package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Release gives the holds back that Slipway put on the package of hosts. each is called
// once a host, never two at once, with why it did not work there.
func (f *Fleet) Release(ctx context.Context, plan *rollout.Plan, hosts []string, token int64, each func(name string, err error)) error {
	var asks []ask
	for _, name := range hosts {
		r := method.Ask(plan.Service, plan.Spec)
		r.Verb, r.Rollout, r.Token = host.Release, plan.ID, token
		asks = append(asks, ask{host: name, request: r})
	}
	err := f.call(ctx, asks, func(a answer) {
		switch {
		case a.err != nil:
			each(a.host, errors.New(method.Line(a.err.Error())))
		case a.response.Code != host.CodeOK:
			each(a.host, errors.New(method.Reason(a.response)))
		default:
			each(a.host, nil)
		}
	})
	if err != nil {
		return fmt.Errorf("give back the holds of %s: %w", plan.Service, err)
	}
	return nil
}
