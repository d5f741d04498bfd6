package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Observe counts on hosts: the helper of each host in want is asked once. each gets
// what one host said, or why it said nothing, as it comes and never two at once.
func (f *Fleet) Observe(ctx context.Context, plan *rollout.Plan, want map[string][]host.Observation, each func(name string, seen []host.Observed, err error)) error {
	var asks []ask
	for name, observe := range want {
		r := method.Ask(plan.Service, plan.Spec)
		r.Verb, r.Observe = host.Observe, observe
		asks = append(asks, ask{host: name, request: r})
	}
	err := f.call(ctx, asks, func(a answer) {
		switch {
		case a.err != nil:
			each(a.host, nil, errors.New(method.Line(a.err.Error())))
		case a.response.Code != host.CodeOK:
			each(a.host, nil, errors.New(method.Reason(a.response)))
		default:
			each(a.host, a.response.Observed, nil)
		}
	})
	if err != nil {
		return fmt.Errorf("observe %s on its hosts: %w", plan.Service, err)
	}
	return nil
}
