package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// releaser is a method that can give back the holds that Slipway put on packages.
type releaser interface {
	// Release gives the hold of each host back. each is called once a host, never two at once.
	Release(ctx context.Context, p *rollout.Plan, hosts []string, token int64, each func(host string, err error)) error
}

// holding is how long giving holds back may take: apt may be at work on a host.
const holding = 10 * time.Minute

// Unhold gives back the holds that Slipway put on a package of hosts, so that it can be
// upgraded again, and returns the hosts on which that was done.
func (a *App) Unhold(ctx context.Context, p *rollout.Plan, hosts []string) ([]string, error) {
	m, err := a.methodOf(p.Method, p.Project)
	if err != nil {
		return nil, err
	}
	r, ok := m.(releaser)
	if !ok {
		return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("give holds back on hosts of rollout %s: its method cannot", p.ID),
			Hint: "apt-mark unhold " + p.Spec.Package + " on the host does it"}
	}
	// The lease keeps rollouts away meanwhile, and its token is one that hosts obey.
	lease, err := a.journal.Acquire(ctx, p.ID, journal.Self(a.cfg.By), holding)
	if err != nil {
		return nil, err
	}
	var freed []string
	var failed error
	err = r.Release(ctx, p, hosts, lease.Token, func(host string, err error) {
		if err != nil && failed == nil {
			failed = fmt.Errorf("give the hold of %s back: %w", host, err)
		}
		if err == nil {
			freed = append(freed, host)
		}
	})
	err = errors.Join(cmp.Or(err, failed), a.journal.Release(context.WithoutCancel(ctx), lease))
	if err != nil {
		return freed, &Error{Kind: Broken, Err: err, Hint: "what was given back stays so; slipway reconcile --unhold again does the rest"}
	}
	return freed, nil
}
