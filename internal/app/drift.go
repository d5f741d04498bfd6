package app

import (
	"cmp"
	"context"
	"slices"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Drift is one thing on a host that is not as the record says.
type Drift struct {
	Host   string `json:"host"`
	Item   string `json:"item"`   // version, process, rollout, "conffile /etc/x.conf", hold, unreachable
	Record string `json:"record"` // what it should be
	Found  string `json:"found"`
	// Held is true for a hold of Slipway's own: it is meant, until it is given back.
	Held bool `json:"held,omitempty"`
}

// Drift asks the hosts of a rollout, and compares what they say with what is recorded of
// them. Hosts that are being worked on are left out.
func (a *App) Drift(ctx context.Context, st rollout.State) ([]Drift, error) {
	var hosts []string
	for i, h := range st.Hosts {
		if h.Command == 0 {
			hosts = append(hosts, st.Plan.Hosts[i].Name)
		}
	}
	facts, err := a.Ask(ctx, st.Plan, hosts)
	if err != nil {
		return nil, err
	}
	all := []Drift{}
	for i, h := range st.Plan.Hosts {
		if f, ok := facts[h.Name]; ok {
			all = append(all, driftOf(st, i, f)...)
		}
	}
	all = slices.DeleteFunc(all, func(d Drift) bool { return d.Item == lastRollout && a.sameAgain(ctx, st.Plan, d.Found) })
	slices.SortStableFunc(all, func(x, y Drift) int { return cmp.Compare(x.Host, y.Host) })
	return all, nil
}

// lastRollout is the item of a host that another rollout has changed last.
const lastRollout = "rollout"

// sameAgain reports whether a rollout has put the release of a plan on hosts once more, as
// reconcile does: they are as the plan says.
func (a *App) sameAgain(ctx context.Context, p *rollout.Plan, id string) bool {
	rec, err := a.Rollout(ctx, id)
	if err != nil {
		return false // nobody here knows it
	}
	other := rec.State.Plan
	return rec.State.Phase == rollout.Completed && other.Service == p.Service && other.Environment == p.Environment &&
		other.Release.Version == p.Release.Version
}

// driftOf compares one host with its record.
func driftOf(st rollout.State, i int, f plan.Facts) []Drift {
	p, h := st.Plan.Hosts[i], st.Hosts[i]
	drift := func(item, record, found string) Drift {
		return Drift{Host: p.Name, Item: item, Record: record, Found: found}
	}
	if f.Err != nil {
		return []Drift{drift("unreachable", "", f.Err.Error())}
	}
	var all []Drift
	want := p.From
	if h.Begun {
		want = cmp.Or(h.Version, p.From)
	}
	if f.Version != want {
		all = append(all, drift("version", want, f.Version))
	}
	for _, unit := range f.Stale {
		all = append(all, drift("process of "+unit, "of what is installed", "older than what is installed"))
	}
	if f.Last != nil && h.Begun && f.Last.Rollout != st.Plan.ID && !f.Last.Restored { // one that was taken back has left what was there
		all = append(all, drift(lastRollout, st.Plan.ID, f.Last.Rollout))
	}
	for _, d := range f.FactsOf.Drift {
		all = append(all, drift(d.Item, d.Before, d.After))
	}
	if f.Last != nil && f.Last.Held {
		held := drift("hold", "", "on hold since Slipway put it back, so that nothing upgrades it")
		held.Held = true
		all = append(all, held)
	}
	return all
}
