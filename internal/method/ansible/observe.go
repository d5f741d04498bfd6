package ansible

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Observe counts on hosts: the helper of each host in want is asked once, all of them
// in one run of ansible-playbook. each gets what one host said, or why it said nothing,
// as it comes and never two at once.
func (r *Runner) Observe(ctx context.Context, plan *rollout.Plan, want map[string][]host.Observation, each func(name string, seen []host.Observed, err error)) error {
	if plan.Method.Ansible == nil {
		return fmt.Errorf("%w: the plan %s is not for ansible", ErrProject, plan.ID)
	}
	if len(want) == 0 {
		return nil
	}
	w := where{Ansible: *plan.Method.Ansible, project: plan.Project}
	if err := check(w.project, w.Ansible); err != nil {
		return err
	}
	var asks []ask
	for _, name := range slices.Sorted(maps.Keys(want)) {
		q := method.Ask(plan.Service, plan.Spec)
		q.Verb, q.Observe = host.Observe, want[name]
		asks = append(asks, ask{host: name, request: q})
	}
	err := r.call(ctx, w, asks, func(a answer) {
		switch {
		case a.response == nil:
			each(a.host, nil, errors.New(a.reason))
		case a.response.Code != host.CodeOK:
			each(a.host, nil, errors.New(method.Reason(*a.response)))
		default:
			each(a.host, a.response.Observed, nil)
		}
	})
	if err != nil {
		return fmt.Errorf("observe %s on its hosts: %w", plan.Service, err)
	}
	return nil
}
