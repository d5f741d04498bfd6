package app

import (
	"context"
	"errors"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/traffic"
)

// Run drives a rollout until it ends or is paused; with wait, it stays while the
// rollout waits for a person, and otherwise returns then. When ctx ends it pauses
// the rollout, lets work on hosts finish, and returns nil; after Abandon it returns nil
// without waiting for hosts. watch, which may be nil, is told what happens, and must not block.
//
// A *journal.HeldError says that a live process drives the rollout already, and
// journal.ErrStale that one has taken it over. An *Error of kind Broken says that
// the work stopped half way: nothing is lost, and Run can be called again.
func (a *App) Run(ctx context.Context, id string, wait bool, watch func(Update)) (err error) {
	a.running.Add(1)
	defer a.running.Add(-1)
	rec, err := a.Rollout(ctx, id)
	if err != nil {
		return err
	}
	plan := rec.State.Plan
	pool := &haproxy.Pool{}
	defer func() { err = errors.Join(err, pool.Close()) }()
	m, err := a.methodOf(plan.Method, plan.Project)
	if err != nil {
		return err
	}
	t, err := trafficOf(plan.Traffic, pool)
	if err != nil {
		return err
	}
	e := engine.New(engine.Config{
		Journal: a.journal, Work: a.work, Method: coexisting(m, plan), Traffic: t, Source: sources(pool, m),
		Log: a.cfg.Log, Name: a.cfg.By, Wait: wait, Abandon: a.abandon, Unrun: a.unrunOf(id),
	})
	news := a.tell(ctx)
	_, err = e.Run(ctx, id, watch)
	if ctx.Err() == nil && !a.abandoned() {
		a.prune(ctx)
	}
	if err := news.end(ctx, a.abandoned()); err != nil {
		a.cfg.Log.Warn("what is to be told waits", "rollout", id, "error", err) // a rollout does not end by it
	}
	return a.stopped(id, err)
}

// prune removes what judges saw long ago. A rollout does not end by it when that cannot be.
func (a *App) prune(ctx context.Context) {
	gone, err := a.journal.Prune(ctx, a.cfg.Now().Add(-a.cfg.KeepSamples))
	if err != nil {
		a.cfg.Log.Warn("what judges saw long ago stays in the journal", "error", err)
	}
	if gone.Looks > 0 {
		a.cfg.Log.Info("removed what judges saw long ago", "rollouts", gone.Rollouts, "looks", gone.Looks, "bytes", gone.Bytes)
	}
}

// abandoned reports whether nothing is to be waited for any more.
func (a *App) abandoned() bool {
	select {
	case <-a.abandon:
		return true
	default:
		return false
	}
}

// stopped sorts out why an engine returned.
func (a *App) stopped(id string, err error) error {
	var held *journal.HeldError
	switch {
	case err == nil, errors.Is(err, engine.ErrInterrupted):
		return nil
	case errors.As(err, &held), errors.Is(err, journal.ErrStale):
		return err
	}
	return &Error{Kind: Broken, Err: err,
		Hint: "the rollout stopped half way and nothing is lost: mend this, then slipway resume " + id}
}

// Balancers tells how every host of a plan stands at every balancer now; nothing when
// the plan has none.
func (a *App) Balancers(ctx context.Context, p *rollout.Plan) (all []traffic.Standing, err error) {
	if p.Traffic == nil || p.Traffic.HAProxy == nil {
		return nil, nil
	}
	pool := &haproxy.Pool{}
	defer func() { err = errors.Join(err, pool.Close()) }()
	return traffic.NewHAProxy(pool).Show(ctx, p)
}
