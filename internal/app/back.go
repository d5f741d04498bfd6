package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// BackTo finds the rollout whose hosts all came from a version: taking it back brings
// them there in one step, and what came after it is superseded. It is the newest such
// rollout of a service and environment that stands or is still going on.
func (a *App) BackTo(ctx context.Context, service, environment, version string) (Record, error) {
	all, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment})
	if err != nil {
		return Record{}, err
	}
	standing := upright(all)
	if err := onePlace(standing); err != nil {
		return Record{}, err
	}
	var versions []string
	later := map[string]string{} // hosts that rollouts after the one at hand have changed, with the version
	for _, s := range standing {
		rec, err := a.Rollout(ctx, s.ID)
		if err != nil {
			return Record{}, err
		}
		p := rec.State.Plan
		from, same := cameFrom(p)
		if same && from == version {
			return rec, leftBehind(p, later)
		}
		if same && from != "" && !slices.Contains(versions, from) {
			versions = append(versions, from)
		}
		for _, h := range p.Hosts {
			if later[h.Name] == "" {
				later[h.Name] = p.Release.Version
			}
		}
	}
	hint := "no version can be gone back to; slipway history lists what there was"
	if len(versions) > 0 {
		hint = "it can go back to " + strings.Join(versions, ", ") + "; slipway deploy " + version + " brings any other version, as a release"
	}
	return Record{}, &Error{Kind: Refused, Err: fmt.Errorf("no rollout found every host at %s", version), Hint: hint}
}

// upright are the rollouts whose change is still there, the newest first: those that
// have not ended, and those that ended with hosts changed and are not superseded.
func upright(all []journal.Summary) []journal.Summary {
	var standing []journal.Summary
	for i, s := range all {
		if s.Head.Phase == rollout.Restored || s.Head.Phase == rollout.Planned || superseded(s, all[i+1:]) {
			continue
		}
		standing = append(standing, s)
	}
	return standing
}

// superseded reports whether an older rollout of the same place was taken back after
// this one had ended: that went past it.
func superseded(s journal.Summary, older []journal.Summary) bool {
	return slices.ContainsFunc(older, func(o journal.Summary) bool {
		return o.Service == s.Service && o.Environment == s.Environment && !s.Head.Ended.IsZero() &&
			(o.Head.Phase == rollout.Restored || o.Head.Back) && o.Head.Changed.After(s.Head.Ended)
	})
}

// onePlace refuses to choose between services or environments.
func onePlace(all []journal.Summary) error {
	var places []string
	for _, s := range all {
		if place := s.Service + " on " + s.Environment; !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if len(places) < 2 {
		return nil
	}
	return &Error{Kind: Misconfigured, Err: fmt.Errorf("which of them? there are rollouts of %s", strings.Join(places, ", ")),
		Hint: "name one with --env and --service"}
}

// cameFrom is the version that every host of a plan ran before; same is false when there
// were several.
func cameFrom(p *rollout.Plan) (version string, same bool) {
	for i, h := range p.Hosts {
		if i > 0 && h.From != version {
			return "", false
		}
		version = h.From
	}
	return version, len(p.Hosts) > 0
}

// leftBehind refuses to go back past rollouts that changed hosts which this one did not.
func leftBehind(p *rollout.Plan, later map[string]string) error {
	for _, h := range p.Hosts {
		delete(later, h.Name)
	}
	if len(later) == 0 {
		return nil
	}
	var names []string
	for name, version := range later {
		names = append(names, name+" ("+version+")")
	}
	slices.Sort(names)
	return &Error{Kind: Refused, Err: fmt.Errorf("rollout %s is of fewer hosts than were changed since: %s would stay as they are", p.ID, strings.Join(names, ", ")),
		Hint: "take the later rollouts back one after the other: slipway history lists them"}
}

// TakeBack journals that a rollout is to be taken back, and what came after it with it.
func (a *App) TakeBack(ctx context.Context, id, reason string) (Record, error) {
	return a.request(ctx, id, rollout.Rollback, reason)
}

// request journals what a person asks.
func (a *App) request(ctx context.Context, id string, kind rollout.EventKind, reason string) (Record, error) {
	e := rollout.Event{Kind: kind, At: a.cfg.Now(), By: a.cfg.By, Reason: reason}
	applied, err := a.journal.Append(ctx, id, 0, e)
	if err != nil {
		return Record{}, err
	}
	return Record{State: applied.State, Seq: applied.Seq, Events: applied.Events}, nil
}

// Known reports whether the journal has any rollout of a service and environment.
func (a *App) Known(ctx context.Context, service, environment string) (bool, error) {
	some, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment, Limit: 1})
	return len(some) > 0, err
}
