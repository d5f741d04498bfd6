package app

import (
	"context"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// asker is a method that can ask hosts for their facts.
type asker interface {
	Facts(ctx context.Context, service string, spec rollout.Spec, hosts []string) (map[string]method.Facts, error)
}

// Ask asks hosts of a plan what they run now. There is an answer for each; nothing is
// changed.
func (a *App) Ask(ctx context.Context, p *rollout.Plan, hosts []string) (map[string]plan.Facts, error) {
	if len(hosts) == 0 {
		return map[string]plan.Facts{}, nil
	}
	m, err := a.methodOf(p.Method, p.Project)
	if err != nil {
		return nil, err
	}
	asks, ok := m.(asker)
	if !ok {
		return nil, fmt.Errorf("ask hosts of rollout %s: its method cannot ask", p.ID)
	}
	told, err := asks.Facts(ctx, p.Service, p.Spec, hosts)
	if err != nil {
		return nil, err
	}
	facts := factsFor(told)
	for _, h := range hosts {
		if _, ok := facts[h]; !ok {
			facts[h] = plan.Facts{Err: fmt.Errorf("it did not answer")}
		}
	}
	return facts, nil
}
