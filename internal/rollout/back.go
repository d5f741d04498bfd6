package rollout

import (
	"fmt"
	"slices"
	"time"
)

// tries is how often a restore, or putting a balancer back, is attempted on a host.
const tries = 2

// restore turns the rollout round. Commands for hosts that are still pending end
// first; a bake is dropped.
func (t *turn) restore(why string) {
	t.drop()
	t.Was, t.Why, t.Forced, t.Back, t.Reconciling = "", why, false, true, false
	t.Ended = time.Time{}
	for i := range t.Hosts {
		t.Hosts[i].Tries, t.Hosts[i].Returns, t.Hosts[i].Owed = 0, 0, false
	}
	t.enterPhase(Restoring, t.failed())
}

// mendFailed takes hosts that failed within the budget back at once, so that they
// serve with the old version while the rollout goes on.
func (t *turn) mendFailed() bool {
	var restore, give, ajar []int
	for i, h := range t.Hosts {
		switch {
		case h.Failure == "":
		case t.ajar(i):
			ajar = append(ajar, i)
		case h.Begun && !h.Restored && h.Tries < tries && h.Exposure != Live:
			restore = append(restore, i)
		case h.Begun && !h.Restored && h.Tries < tries:
			if t.room() > 0 {
				t.takeOut([]int{i}, Restore)
				return true
			}
		case t.unreturned(i):
			give = append(give, i)
		}
	}
	if len(ajar) > 0 {
		t.issue(Drain, "", ajar)
		return true
	}
	if len(restore) > 0 {
		t.issue(Restore, "", restore)
		return true
	}
	if len(give) > 0 {
		t.issue(Return, "", give)
		return true
	}
	return false
}

// back issues the next command of a rollout on its way to restored. Hosts that are
// out of service already come first, for that costs no capacity; live ones follow
// in batches that the plan has room for; hosts that could not be restored get
// another try when all else is done.
func (t *turn) back() bool {
	var give, fresh, live, again, blind, ajar []int
	for i, h := range t.Hosts {
		owes := h.Begun && !h.Restored && h.Tries < tries
		switch {
		case owes && t.Plan.Traffic != nil && h.Balancer == "":
			blind = append(blind, i)
		case t.ajar(i):
			ajar = append(ajar, i)
		case owes && h.Exposure == Live:
			live = append(live, i)
		case owes && h.Tries == 0:
			fresh = append(fresh, i)
		case owes:
			again = append(again, i)
		case t.unreturned(i):
			give = append(give, i)
		}
	}
	batch := t.fit(live)
	switch {
	case len(blind) > 0:
		t.issue(Record, "", blind)
	case len(give) > 0:
		t.issue(Return, "", give)
	case len(ajar) > 0:
		t.issue(Drain, "", ajar)
	case len(fresh) > 0:
		t.issue(Restore, "", fresh)
	case len(batch) > 0:
		t.takeOut(batch, Restore)
	case len(again) > 0:
		t.issue(Restore, "", again)
	default:
		t.endRestore(live)
	}
	return true
}

// ajar reports whether a host that is to be restored may still get requests from some
// balancer: one that did not answer when the others were asked to open.
func (t *turn) ajar(i int) bool {
	h := t.Hosts[i]
	return h.Ajar && h.Begun && !h.Restored && h.Tries < tries && t.Plan.Traffic != nil
}

// unreturned reports whether a host's balancer must still be put back.
func (t *turn) unreturned(i int) bool {
	h := t.Hosts[i]
	return (!h.Begun || h.Restored) && h.Exposure != Live && h.Returns < tries
}

// endRestore ends a rollout that was taken back, as far as that went. left are
// hosts that still run the release because the plan has no room to take them out.
func (t *turn) endRestore(left []int) {
	var stuck []int
	for i, h := range t.Hosts {
		if (h.Begun && !h.Restored || h.Exposure != Live) && !slices.Contains(left, i) {
			stuck = append(stuck, i)
		}
	}
	if len(stuck)+len(left) == 0 {
		t.end(Restored, t.Why, nil)
		return
	}
	stuck = append(stuck, left...)
	why := "not restored: " + t.names(stuck) + " (" + t.Why + ")"
	if len(left) > 0 {
		why += fmt.Sprintf("; %s would still serve, and the plan takes no more than %d out of service at once", t.names(left), t.Plan.MaxOut)
	}
	t.end(NeedsPerson, why, stuck)
}
