package work

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/state"
)

// last is the rollout that changed this host last, as far as its state is kept.
type last struct {
	host.LastChange
	spec host.Spec // of then
	// left is how the host was left, and watch what was looked at for it; nil when the
	// last call did not end well.
	left     *state.State
	watch    []string
	older    bool     // left was recorded by a helper that looked at less
	replaced []string // runs of units that are older than what is installed
}

// lastChange finds the rollout that changed this host last; ok is false when none is known.
func (j *job) lastChange() (l last, ok bool, err error) {
	rollouts, err := j.memory.States()
	if err != nil {
		return l, false, err
	}
	var newest capture.Progress
	of := ""
	for _, id := range rollouts {
		p, err := capture.LoadProgress(j.memory.Recorded(id))
		if err != nil {
			return l, false, fmt.Errorf("rollout %s: %w", id, err)
		}
		if p.Begun && p.Superseded == "" && !p.At.Before(newest.At) {
			newest, of = p, id
		}
	}
	if of == "" && j.host.Held {
		// What the rollout recorded is no longer kept; the hold must not be lost.
		h, err := j.memory.Held()
		l.Rollout, l.At, l.Held = h.Rollout, h.At, true
		return l, true, err
	}
	if of == "" {
		return l, false, nil
	}
	l, err = j.changeOf(of, newest)
	return l, true, err
}

func (j *job) changeOf(id string, p capture.Progress) (l last, err error) {
	dir := j.memory.Recorded(id)
	r, err := capture.Load(dir)
	if err != nil {
		return l, fmt.Errorf("rollout %s: %w", id, err)
	}
	l = last{spec: r.Spec, watch: p.Watch}
	l.Rollout, l.From, l.At, l.Held = id, r.State.Version(), p.At, j.host.Held
	if len(p.Versions) > 0 {
		l.To = p.Versions[len(p.Versions)-1]
	}
	answer, done, err := j.memory.Result(memory.Call{Rollout: id, Command: p.Command, Verb: p.Verb})
	if err != nil || !done || answer.Code != host.CodeOK {
		return l, err
	}
	if p.Verb == host.Update {
		l.replaced = p.Replaced
	}
	if p.Verb == host.Restore {
		l.Restored, l.left, l.older = answer.Equal, &r.State, r.Older()
		return l, nil
	}
	after, err := capture.LoadAfter(dir)
	if errors.Is(err, capture.ErrNone) {
		return l, nil
	}
	l.left, l.watch = &after.State, after.Watch
	return l, err
}

// drift says what is not as the last change left it. now is a look at the host with what
// belonged to the service then, if it is that.
func (j *job) drift(ctx context.Context, l last, now capture.Seen) ([]host.Difference, error) {
	if l.left == nil {
		return nil, nil
	}
	if !sameService(l.spec, j.request.Spec) || l.older {
		look := j.host
		look.Older = l.older
		var err error
		if now, err = look.Look(ctx, l.spec, l.watch); err != nil {
			return nil, err
		}
	}
	return state.Compare(*l.left, now.State), nil
}

// sameService reports whether the same belongs to the service in both.
func sameService(a, b host.Spec) bool {
	for _, s := range []*host.Spec{&a, &b} {
		s.Health, s.Keep = nil, 0
	}
	return reflect.DeepEqual(a, b)
}
