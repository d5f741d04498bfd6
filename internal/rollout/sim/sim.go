// Package sim runs rollouts of rollout.Apply in a simulated world, with faults drawn
// from a seed, and checks the invariants of the design after every event.
//
// Tests and `make sim` call it. It never touches a real host, and the same seed
// always gives the same run: a failing one is replayed by its number.
package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// most bounds the events of one run; a rollout that needs more does not end.
const most = 2000

// Run is one simulated rollout.
type Run struct {
	Seed   uint64
	Plan   *rollout.Plan
	State  rollout.State
	Events int
	log    strings.Builder

	rng       *rand.Rand
	now       time.Time
	world     world
	todo      []task          // results that are still to come
	adopted   bool            // it begins with what hosts remember
	noWayBack bool            // a rehearsal has shown it
	seen      map[string]bool // keys of events that were applied
	issued    map[int]rollout.Command
	events    []rollout.Event // those that were accepted, numbered
	told      []rollout.Notice
	apart     map[string]bool // hosts that a reconcile has nothing to do with
	stopAt    int             // events after which a person stops asking for things
}

// Log is the run as text: one line an event and a command.
func (r *Run) Log() string { return r.log.String() }

// New makes the run of a seed: a plan, a world, and a source of faults.
func New(seed uint64) *Run {
	rng := rand.New(rand.NewPCG(seed, 0x51197a4))
	p := drawPlan(rng)
	r := &Run{
		Seed: seed, Plan: p, State: rollout.New(p), rng: rng,
		now:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		seen: map[string]bool{}, issued: map[int]rollout.Command{},
	}
	if rng.IntN(2) == 0 {
		r.stopAt = rng.IntN(400) // in the other half nobody interferes
	}
	r.world = newWorld(p, rng)
	r.adopted = rng.IntN(20) == 0
	return r
}

// begins starts the rollout, or adopts one that some hosts remember.
func (r *Run) begins() error {
	if !r.adopted {
		return r.apply(rollout.Event{Kind: rollout.Start})
	}
	for i, h := range r.Plan.Hosts {
		if i > 0 && r.rng.IntN(4) == 0 {
			continue
		}
		r.world.hosts[i].version = r.Plan.Release.Version
		r.world.hosts[i].shown = true
		if err := r.apply(rollout.Event{Kind: rollout.Adopt, Host: h.Name, Version: r.Plan.Release.Version, Digest: "before"}); err != nil {
			return err
		}
	}
	return nil
}

// owes reports whether a reconcile has something to do.
func (r *Run) owes() bool {
	if r.State.Phase == rollout.NeedsPerson {
		return true
	}
	return slices.ContainsFunc(r.State.Hosts, func(h rollout.HostState) bool { return h.Owed })
}

// reconciling notes, when a reconcile goes forward, which hosts it must leave alone; some
// hosts that were dead have come back then.
func (r *Run) reconciling(before rollout.State, e rollout.Event) {
	if e.Kind != rollout.Reconcile {
		return
	}
	r.apart = map[string]bool{}
	for i, h := range before.Hosts {
		serves := h.Updated && h.Failure == "" && h.Exposure == rollout.Live
		r.apart[r.Plan.Hosts[i].Name] = r.State.Reconciling && serves
		if h.Owed && (!h.Begun || h.Restored) {
			r.world.hosts[i].shown, r.world.hosts[i].last = false, "" // it rehearses anew
		}
		r.world.hosts[i].dead = r.world.hosts[i].dead && r.rng.IntN(2) == 0
	}
}

// Go plays the run to its end. The error names the invariant that broke.
func (r *Run) Go() error {
	if err := r.begins(); err != nil {
		return err
	}
	for r.Events = 1; r.Events < most; r.Events++ {
		e, ok := r.next()
		if !ok {
			return errors.Join(r.atEnd(), r.batchesAgree())
		}
		if err := r.apply(e); err != nil {
			return err
		}
	}
	return fmt.Errorf("seed %d: not ended after %d events: %s", r.Seed, most, r.State.Phase)
}

// apply gives one event to the core and checks what it made of it.
func (r *Run) apply(e rollout.Event) error {
	r.now = r.now.Add(time.Duration(1+r.rng.IntN(5000)) * time.Millisecond)
	e.At = r.now
	if key := e.Key(); key != "" {
		if r.seen[key] {
			return nil // the journal drops it
		}
		r.seen[key] = true
	}
	before := r.State
	e.Seq = len(r.events) + 1
	d, err := rollout.Decide(before, []rollout.Event{e})
	fmt.Fprintf(&r.log, "%s %s c%d %s %s %s %s %v\n", e.Kind, e.Host, e.Command, e.Outcome, e.Verdict, e.After, e.Reason, err)
	if err != nil {
		if e.Kind == rollout.HostDone || e.Kind == rollout.StageDone || e.Kind == rollout.Start {
			return fmt.Errorf("seed %d: a result was refused: %w", r.Seed, err)
		}
		return nil
	}
	r.State = d.State
	r.events, r.told = append(r.events, e), append(r.told, d.Notices...)
	r.reconciling(before, e)
	for _, n := range d.Notices {
		fmt.Fprintf(&r.log, "  * %s %s\n", n.Key, n.Why)
	}
	for _, c := range d.Commands {
		fmt.Fprintf(&r.log, "  -> c%d %s %s %s\n", c.ID, c.Kind, c.Exposure, strings.Join(c.Hosts, ","))
		if err := r.begin(c); err != nil {
			return err
		}
	}
	return r.check(before, e, d)
}

// next is what happens next: mostly a result that is due, sometimes a person, and
// sometimes a result that comes twice, as after a crash.
func (r *Run) next() (rollout.Event, bool) {
	if r.Events < r.stopAt && r.rng.IntN(40) == 0 {
		return rollout.Event{Kind: r.anyRequest(), By: "person"}, true
	}
	if len(r.todo) > 0 {
		i := r.rng.IntN(len(r.todo))
		t := r.todo[i]
		if r.rng.IntN(25) != 0 {
			r.todo = append(r.todo[:i], r.todo[i+1:]...)
		}
		return r.result(t), true
	}
	switch {
	case r.State.Phase == rollout.Paused:
		return rollout.Event{Kind: rollout.Resume}, true
	case r.State.Phase == rollout.Waiting:
		return rollout.Event{Kind: r.answer(), By: "person"}, true
	case r.State.Phase == rollout.Restored, r.Events >= r.stopAt && !r.adopted:
	case r.rng.IntN(2) == 0 && r.owes():
		return rollout.Event{Kind: rollout.Reconcile, By: "person"}, true
	case r.State.Phase == rollout.Completed, r.State.Phase == rollout.NeedsPerson && r.Events < r.stopAt:
		return rollout.Event{Kind: rollout.Rollback, By: "person"}, true
	}
	return rollout.Event{}, false
}

func (r *Run) anyRequest() rollout.EventKind {
	all := []rollout.EventKind{
		rollout.Promote, rollout.Promote, rollout.Complete, rollout.Abort, rollout.Rollback,
		rollout.Pause, rollout.Pause, rollout.Resume, rollout.Resume, rollout.Resume, rollout.Reconcile,
	}
	return all[r.rng.IntN(len(all))]
}

func (r *Run) answer() rollout.EventKind {
	if r.rng.IntN(4) == 0 || r.Events > most/2 {
		return rollout.Abort
	}
	return rollout.Promote
}
