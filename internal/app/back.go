package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// BackTo finds the rollout whose hosts all came from a version: taking it back brings
// every host there in one step, and what came after it is superseded. It is the newest such
// rollout of a service and environment that stands or is still going on, and that changed
// all hosts which rollouts since that version have brought elsewhere: none may stay behind.
func (a *App) BackTo(ctx context.Context, service, environment, version string) (Record, error) {
	all, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment})
	if err != nil {
		return Record{}, err
	}
	standing := upright(all)
	if err := onePlace(standing); err != nil {
		return Record{}, err
	}
	var found []Record
	var versions []string
	runs := map[string]string{} // what rollouts have put on hosts, other than the version
	for _, s := range standing {
		if len(found) > 0 && s.Version == version {
			break // what came before that is not gone back past
		}
		rec, err := a.Rollout(ctx, s.ID)
		if err != nil {
			return Record{}, err
		}
		from, same := cameFrom(rec.State.Plan)
		if same && from == version {
			found = append(found, rec)
		} else if same && from != "" && !slices.Contains(versions, from) {
			versions = append(versions, from)
		}
		for i, h := range rec.State.Plan.Hosts {
			if runs[h.Name] == "" && changed(rec.State, i) {
				runs[h.Name] = s.Version
			}
		}
	}
	if len(found) > 0 {
		return allOf(found, version, runs)
	}
	hint := "no version can be gone back to; slipway history lists what there was"
	if len(versions) > 0 {
		hint = "it can go back to " + strings.Join(versions, ", ") + "; slipway deploy " + version + " brings any other version, as a release"
	}
	return Record{}, &Error{Kind: Refused, Err: fmt.Errorf("no rollout found every host at %s", version), Hint: hint}
}

// changed reports whether taking a rollout back restores a host.
func changed(st rollout.State, i int) bool { return st.Hosts[i].Begun && !st.Hosts[i].Restored }

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

// allOf picks the first rollout that takes every host back which runs something else than
// the version, and refuses when there is none: the others would stay as they are.
func allOf(found []Record, version string, runs map[string]string) (Record, error) {
	var stay []string
	for _, rec := range found {
		left := maps.Clone(runs)
		for i, h := range rec.State.Plan.Hosts {
			if changed(rec.State, i) || !rec.State.Phase.Ended() {
				delete(left, h.Name)
			}
		}
		var names []string
		for name, v := range left {
			if v != version {
				names = append(names, name+" ("+v+")")
			}
		}
		if len(names) == 0 {
			return rec, nil
		}
		if stay == nil {
			stay = slices.Sorted(slices.Values(names))
		}
	}
	return Record{}, &Error{Kind: Refused, Err: fmt.Errorf("rollout %s does not take every host back: %s would stay as they are", found[0].State.Plan.ID, strings.Join(stay, ", ")),
		Hint: "take the rollouts back one after the other: slipway history lists them"}
}

// TakeBack journals that a rollout is to be taken back, and what came after it with it.
func (a *App) TakeBack(ctx context.Context, id, reason string) (Record, error) {
	return a.request(ctx, id, rollout.Rollback, reason)
}

// request journals what a person asks.
func (a *App) request(ctx context.Context, id string, kind rollout.EventKind, reason string) (Record, error) {
	if err := a.expectUnrun(ctx, id); err != nil {
		return Record{}, err
	}
	e := rollout.Event{Kind: kind, At: a.cfg.Now(), By: a.cfg.By, Reason: reason}
	applied, err := a.journal.Append(ctx, id, 0, e)
	if err != nil {
		return Record{}, err
	}
	return Record{State: applied.State, Seq: applied.Seq, Events: applied.Events}, nil
}

// expectUnrun notes, before a request, that what it issues is run by nobody until somebody
// drives the rollout again: a host that Run cannot reach then was not begun either.
func (a *App) expectUnrun(ctx context.Context, id string) error {
	token, idle, err := a.journal.Idle(ctx, id)
	if err != nil {
		return err
	}
	st, _, err := a.journal.Load(ctx, id)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.unrun[id]; !idle {
		delete(a.unrun, id)
	} else if !ok || known.Token != token {
		a.unrun[id] = engine.Unrun{Token: token, From: st.Next}
	}
	return nil
}

// unrunOf is what expectUnrun noted of a rollout.
func (a *App) unrunOf(id string) engine.Unrun {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unrun[id]
}

// Known reports whether the journal has any rollout of a service and environment.
func (a *App) Known(ctx context.Context, service, environment string) (bool, error) {
	some, err := a.journal.List(ctx, journal.Filter{Service: service, Environment: environment, Limit: 1})
	return len(some) > 0, err
}
