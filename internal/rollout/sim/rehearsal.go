package sim

import (
	"fmt"
	"slices"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// mayBegin holds a command for one host against what is true of the host.
func (r *Run) mayBegin(c rollout.Command, host string) error {
	h := r.truth(host)
	changes := c.Kind == rollout.Update || c.Kind == rollout.Restore
	if r.adopted && c.ID < 1_000_000 {
		return fmt.Errorf("%s was given a command %d before, by whoever drove the rollout", host, c.ID)
	}
	i := slices.IndexFunc(r.Plan.Hosts, func(p rollout.Host) bool { return p.Name == host })
	if c.Kind == rollout.Restore && r.State.Phase == rollout.Running && r.State.Hosts[i].Failure == "" {
		h.rehearsal = c.ID // nothing else takes a good host of a good rollout back
	}
	switch {
	case c.Kind == rollout.Drain && !h.recorded:
		return fmt.Errorf("%s is drained, and nobody knows what its place in the balancer was", host)
	case c.Kind == rollout.Update && h.version != r.Plan.Hosts[i].From:
		return fmt.Errorf("%s is updated while it runs %q: it was neither untouched nor restored", host, h.version)
	case c.Kind == rollout.Expose && r.noWayBack:
		return fmt.Errorf("%s is opened after a rehearsal has shown that the release cannot go back", host)
	case changes && r.Plan.Traffic != nil && h.open == rollout.Live && !h.loose:
		return fmt.Errorf("%s of %s while it is %s, and no drain of it went wrong", c.Kind, host, h.open)
	case r.State.Reconciling && r.apart[host] && (changes || c.Kind == rollout.Drain):
		return fmt.Errorf("%s of %s, which a reconcile has nothing to do with", c.Kind, host)
	case c.Kind == rollout.Expose:
		return r.rehearsed(host)
	}
	return nil
}

// rehearsed: in a rehearsing plan a host of the internal stage is opened only after it has
// gone back, and came to the same end again.
func (r *Run) rehearsed(host string) error {
	h := r.truth(host)
	switch {
	case !r.Plan.Rehearse || !r.isInternal(host):
	case !h.shown:
		return fmt.Errorf("%s is opened without having gone back", host)
	case h.first != h.last:
		return fmt.Errorf("%s is opened, and its second update ended otherwise", host)
	}
	return nil
}

// reconcileIsQuiet: settling what hosts are owed turns nothing round and asks nobody.
func (r *Run) reconcileIsQuiet(before rollout.State, e rollout.Event) error {
	after := r.State.Phase
	if before.Reconciling && e.Kind != rollout.Rollback && (after == rollout.Restoring || after == rollout.Waiting || after == rollout.Restored) {
		return fmt.Errorf("%s made a reconcile %s", e.Kind, after)
	}
	return nil
}

func (r *Run) isInternal(host string) bool {
	return slices.ContainsFunc(r.Plan.Stages, func(s rollout.Stage) bool {
		return s.Kind == rollout.StageInternal && slices.Contains(s.Hosts(), host)
	})
}

// rehearsedByProof: the internal stage passes, with a balancer or without, only when those
// of its hosts that run the release have rehearsed; and once a rehearsal has shown that
// the release cannot go back, no stage passes any more.
func (r *Run) rehearsedByProof(before rollout.State) error {
	for k := before.Passed; k < r.State.Passed && !r.adopted; k++ {
		for i, h := range r.State.Hosts {
			if h.NoWayBack {
				return fmt.Errorf("stage %d passed, and %s could not go back", k, r.Plan.Hosts[i].Name)
			}
		}
		if r.Plan.Stages[k].Kind != rollout.StageInternal {
			continue
		}
		for _, name := range r.Plan.Stages[k].Hosts() {
			i := slices.IndexFunc(r.Plan.Hosts, func(h rollout.Host) bool { return h.Name == name })
			if r.State.Hosts[i].Updated && r.State.Hosts[i].Failure == "" {
				if err := r.rehearsed(name); err != nil {
					return fmt.Errorf("stage %d passed: %w", k, err)
				}
			}
		}
	}
	return nil
}
