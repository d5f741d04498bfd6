package ansible

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Release gives the holds back that Slipway put on the package of hosts, all of them in
// one run of ansible-playbook. each is called once a host, never two at once, with why it
// did not work there.
func (r *Runner) Release(ctx context.Context, plan *rollout.Plan, hosts []string, token int64, each func(name string, err error)) error {
	if plan.Method.Ansible == nil {
		return fmt.Errorf("%w: the plan %s is not for ansible", ErrProject, plan.ID)
	}
	w := where{Ansible: *plan.Method.Ansible, project: plan.Project}
	if err := check(w.project, w.Ansible); err != nil {
		return err
	}
	var asks []ask
	for _, name := range hosts {
		q := method.Ask(plan.Service, plan.Spec)
		q.Verb, q.Rollout, q.Token = host.Release, plan.ID, token
		asks = append(asks, ask{host: name, request: q})
	}
	err := r.call(ctx, w, asks, func(a answer) {
		switch {
		case a.response == nil:
			each(a.host, errors.New(a.reason))
		case a.response.Code != host.CodeOK:
			each(a.host, errors.New(method.Reason(*a.response)))
		default:
			each(a.host, nil)
		}
	})
	if err != nil {
		return fmt.Errorf("give back the holds of %s: %w", plan.Service, err)
	}
	return nil
}
