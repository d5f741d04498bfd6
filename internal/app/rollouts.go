package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Record is all that the journal has of one rollout.
type Record struct {
	State  rollout.State
	Seq    int // number of the last event
	Events []rollout.Event
}

// Create journals a plan as a rollout that has not started. A *journal.ActiveError
// says that the service and environment have another one. A plan without a safe way back
// is refused unless somebody has accepted that.
func (a *App) Create(ctx context.Context, p *rollout.Plan) error {
	if err := accepted(p); err != nil {
		return err
	}
	return a.journal.Create(ctx, p)
}

// Request journals what a person asks of a rollout; whoever drives it acts on it.
// It returns the rollout after the request. A *rollout.Refusal says that the
// request makes no sense now.
func (a *App) Request(ctx context.Context, id string, kind rollout.EventKind, reason string) (Record, error) {
	if rec, err := a.Rollout(ctx, id); err != nil {
		return Record{}, err
	} else if kind == rollout.Rollback && rec.State.Phase.Ended() {
		if err := a.onTop(ctx, rec.State.Plan); err != nil {
			return Record{}, err
		}
	} else if kind == rollout.Reconcile {
		if err := a.Newest(ctx, rec.State.Plan); err != nil {
			return Record{}, err
		}
	}
	return a.request(ctx, id, kind, reason)
}

// Newest refuses a rollout that is neither the last to have ended nor the one that stands:
// what it would put on hosts is older than what they run.
func (a *App) Newest(ctx context.Context, p *rollout.Plan) error {
	last, err := a.Ended(ctx, p.Service, p.Environment)
	if err != nil || len(last) == 0 || last[0].ID == p.ID {
		return err
	}
	standing, err := a.Standing(ctx, p.Service, p.Environment)
	if err != nil || len(standing) > 0 && standing[0].ID == p.ID {
		return err
	}
	return &Error{Kind: Refused, Err: fmt.Errorf("rollout %s, of %s, is not the last one: %s, of %s, came after it on %s", p.ID, p.Release.Version, last[0].ID, last[0].Version, p.Environment),
		Hint: "slipway reconcile " + last[0].ID + " is about what hosts should be now; slipway deploy VERSION --hosts NAMES brings it to single ones"}
}

// Rollout returns a rollout by its whole id, without its events.
func (a *App) Rollout(ctx context.Context, id string) (Record, error) {
	st, seq, err := a.journal.Load(ctx, id)
	return Record{State: st, Seq: seq}, err
}

// Events returns the events of a rollout, in order.
func (a *App) Events(ctx context.Context, id string) ([]rollout.Event, error) {
	return a.journal.Events(ctx, id, 0)
}

// List returns rollouts, the newest first.
func (a *App) List(ctx context.Context, f journal.Filter) ([]journal.Summary, error) {
	return a.journal.List(ctx, f)
}

// Driver tells which live process drives a rollout; ok is false when nobody does.
func (a *App) Driver(ctx context.Context, id string) (name string, ok bool, err error) {
	o, ok, err := a.journal.Owner(ctx, id)
	return o.String(), ok, err
}

// Resolve finds the one rollout whose id begins or ends with some letters.
func (a *App) Resolve(ctx context.Context, part string) (string, error) {
	all, err := a.journal.List(ctx, journal.Filter{})
	if err != nil {
		return "", err
	}
	want := strings.ToUpper(part)
	var found []string
	for _, s := range all {
		id := strings.ToUpper(s.ID)
		if id == want {
			return s.ID, nil
		}
		if strings.HasPrefix(id, want) || strings.HasSuffix(id, want) {
			found = append(found, s.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &Error{Kind: Misconfigured, Err: fmt.Errorf("no rollout %q", part),
			Hint: "slipway history lists the rollouts"}
	}
	return "", &Error{Kind: Misconfigured, Err: fmt.Errorf("%q can be %d rollouts: %s", part, len(found), strings.Join(found, ", ")),
		Hint: "use more letters of the id"}
}

// Active returns the rollouts that have not ended.
func (a *App) Active(ctx context.Context, service, environment string) ([]journal.Summary, error) {
	return a.journal.List(ctx, journal.Filter{Service: service, Environment: environment, Active: true})
}

// Standing returns, for each service and environment, the newest rollout that has
// ended and left hosts changed: the one that a rollback is about.
func (a *App) Standing(ctx context.Context, service, environment string) ([]journal.Summary, error) {
	all, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment})
	if err != nil {
		return nil, err
	}
	seen := map[[2]string]bool{}
	var newest []journal.Summary
	for _, s := range upright(all) {
		place := [2]string{s.Service, s.Environment}
		left := s.Head.Phase == rollout.Completed || s.Head.Phase == rollout.NeedsPerson
		if left && !seen[place] {
			seen[place] = true
			newest = append(newest, s)
		}
	}
	return newest, nil
}

// onTop refuses to roll a rollout back while a later one stands on it: what the hosts
// were before the earlier one says nothing about what they are now.
func (a *App) onTop(ctx context.Context, p *rollout.Plan) error {
	standing, err := a.Standing(ctx, p.Service, p.Environment)
	if err != nil || len(standing) == 0 || standing[0].ID == p.ID {
		return err
	}
	top := standing[0]
	return &Error{Kind: Refused, Err: fmt.Errorf("rollout %s is not the last one: %s brought %s to %s after it", p.ID, top.ID, top.Version, p.Environment),
		Hint: "roll that one back first: slipway rollback " + top.ID + "; or go past it: slipway rollback --to VERSION"}
}

// Ended returns, for each service and environment, the rollout that ended last.
func (a *App) Ended(ctx context.Context, service, environment string) ([]journal.Summary, error) {
	all, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment})
	if err != nil {
		return nil, err
	}
	at := map[[2]string]int{}
	var last []journal.Summary
	for _, s := range all {
		if !s.Head.Phase.Ended() {
			continue
		}
		place := [2]string{s.Service, s.Environment}
		i, seen := at[place]
		if !seen {
			at[place] = len(last)
			last = append(last, s)
		} else if s.Head.Ended.After(last[i].Head.Ended) {
			last[i] = s
		}
	}
	return last, nil
}
