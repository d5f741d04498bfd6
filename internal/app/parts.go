package app

import (
	"errors"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/method/ansible"
	"github.com/slipway-deploy/slipway/internal/method/coexist"
	"github.com/slipway-deploy/slipway/internal/method/local"
	"github.com/slipway-deploy/slipway/internal/metric"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/traffic"
)

// methodOf makes the method that a plan names.
func (a *App) methodOf(m rollout.Method, project string) (engine.Method, error) {
	switch {
	case m.Ansible != nil:
		return a.ansible(*m.Ansible, project)
	case m.Local != nil:
		return a.local(*m.Local)
	}
	return nil, &Error{Kind: Misconfigured, Err: errors.New("the plan names no method that this slipway knows"),
		Hint: "it was made by another version of slipway: use that one, or deploy again"}
}

func (a *App) ansible(m rollout.Ansible, project string) (*ansible.Runner, error) {
	return ansible.New(ansible.Config{Ansible: m, Project: project, Store: a.store, Log: a.cfg.Log})
}

func (a *App) local(m rollout.Local) (*local.Fleet, error) {
	return local.New(local.Config{Directory: m.Directory, Store: a.store, Log: a.cfg.Log})
}

// coexisting adds the plan's coexistence test to its method.
func coexisting(m engine.Method, p *rollout.Plan) engine.Method {
	if inner, ok := m.(coexist.Inner); ok && p.Coexist != nil {
		return coexist.New(inner)
	}
	return m
}

// trafficOf makes the balancers that a plan names.
func trafficOf(t *rollout.Traffic, pool *haproxy.Pool) (engine.Traffic, error) {
	switch {
	case t == nil:
		return nil, nil // no such plan asks for one
	case t.HAProxy != nil:
		return traffic.NewHAProxy(pool), nil
	}
	return nil, &Error{Kind: Misconfigured, Err: errors.New("the plan names no balancer that this slipway knows"),
		Hint: "it was made by another version of slipway: use that one, or deploy again"}
}

// sources makes the source of a plan's metrics, by its kind. What is counted on hosts is
// counted through the plan's method.
func sources(pool *haproxy.Pool, m engine.Method) func(*rollout.Plan, string) (engine.Source, error) {
	deps := metric.Deps{Pool: pool}
	if observer, ok := m.(metric.Observer); ok {
		deps.Observer = observer
	}
	return func(p *rollout.Plan, kind string) (engine.Source, error) {
		var asked []rollout.Metric
		known := map[string]bool{}
		for _, s := range p.Stages {
			for _, m := range s.Metrics {
				// A name is asked for in one way in all stages: Plan has refused others.
				if m.Source == kind && !known[m.Name] {
					known[m.Name] = true
					asked = append(asked, m)
				}
			}
		}
		return metric.New(deps, p, asked)
	}
}
