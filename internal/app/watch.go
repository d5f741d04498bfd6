package app

import (
	"context"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Moment is a rollout before and after one event.
type Moment struct {
	Before rollout.State
	Event  rollout.Event
	After  rollout.State
}

// Update is what the engine tells the process that drives a rollout. Its Finding is
// nowhere else: the journal has only the one that ended a bake.
type Update = engine.Update

// Watch calls each for every event that comes after a record, in order, whichever
// process caused it, until each returns false or ctx ends.
func (a *App) Watch(ctx context.Context, from Record, each func(Moment) bool) error {
	st, seq, id := from.State, from.Seq, from.State.Plan.ID
	for {
		events, err := a.journal.Watch(ctx, id, seq)
		if err != nil {
			return err
		}
		for _, m := range replay(st, events) {
			st, seq = m.After, m.Event.Seq
			if !each(m) {
				return nil
			}
		}
	}
}

// History returns every moment of a rollout since its plan.
func (a *App) History(ctx context.Context, id string) ([]Moment, error) {
	rec, err := a.Rollout(ctx, id)
	if err != nil {
		return nil, err
	}
	events, err := a.Events(ctx, id)
	if err != nil {
		return nil, err
	}
	return replay(rollout.New(rec.State.Plan), events), nil
}

// replay applies events that were accepted before. One that a newer rollout package
// refuses now leaves the state as it is: watching must not stop over it.
func replay(st rollout.State, events []rollout.Event) []Moment {
	moments := make([]Moment, 0, len(events))
	for _, e := range events {
		after, _, err := rollout.Apply(st, e)
		if err != nil {
			after = st
		}
		moments = append(moments, Moment{Before: st, Event: e, After: after})
		st = after
	}
	return moments
}
