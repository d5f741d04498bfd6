package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// world is what is true, whatever the core believes.
type world struct {
	hosts []hostTruth
	bad   float64 // how often a command goes wrong
	worse float64 // how often a bake fails
}

// hostTruth is one host as it is.
type hostTruth struct {
	version   string
	open      rollout.Exposure
	dead      bool   // answers nothing any more
	shown     bool   // it was updated, and then read back equal to what it was before
	loose     bool   // its last drain went wrong
	recorded  bool   // its place in the balancer was read
	rehearsal int    // the command that takes it back for a rehearsal
	first     string // how the last good update but one left it
	last      string // how the last one did
}

// task is a result that is still to come.
type task struct {
	command rollout.Command
	host    string
}

func newWorld(p *rollout.Plan, rng *rand.Rand) world {
	w := world{hosts: make([]hostTruth, len(p.Hosts))}
	w.bad = []float64{0, 0, 0.02, 0.1, 0.4}[rng.IntN(5)]
	w.worse = []float64{0, 0.1, 0.4}[rng.IntN(3)]
	for i, h := range p.Hosts {
		w.hosts[i] = hostTruth{version: h.From, open: rollout.Live}
	}
	return w
}

// begin takes up a command: work starts at once on every host.
func (r *Run) begin(c rollout.Command) error {
	if _, twice := r.issued[c.ID]; twice {
		return fmt.Errorf("seed %d: command %d was issued twice", r.Seed, c.ID)
	}
	r.issued[c.ID] = c
	if r.Plan.Traffic == nil && slices.Contains([]rollout.CommandKind{rollout.Record, rollout.Drain, rollout.Expose, rollout.Return}, c.Kind) {
		return fmt.Errorf("seed %d: %s without a balancer", r.Seed, c.Kind)
	}
	if c.Kind == rollout.BakeStage {
		r.todo = append(r.todo, task{command: c})
		return nil
	}
	for _, h := range c.Hosts {
		if err := r.mayBegin(c, h); err != nil {
			return fmt.Errorf("seed %d, command %d: %w", r.Seed, c.ID, err)
		}
		r.todo = append(r.todo, task{command: c, host: h})
		// Without a balancer the change itself takes the service away.
		if r.Plan.Traffic == nil && (c.Kind == rollout.Update || c.Kind == rollout.Restore) {
			r.truth(h).open = rollout.None
		}
	}
	return nil
}

// truth finds a host of the world by name.
func (r *Run) truth(name string) *hostTruth {
	for i, h := range r.Plan.Hosts {
		if h.Name == name {
			return &r.world.hosts[i]
		}
	}
	panic("sim: no host " + name)
}

// result does the work of a task in the world, well or badly, and tells of it.
func (r *Run) result(t task) rollout.Event {
	c := t.command
	if c.Kind == rollout.BakeStage {
		return rollout.Event{Kind: rollout.StageDone, Command: c.ID, Verdict: r.verdict(), Reason: "as drawn"}
	}
	e := rollout.Event{Kind: rollout.HostDone, Command: c.ID, Host: t.host, Outcome: rollout.OK}
	if r.seen[e.Key()] {
		return e // the same result again: nothing is done twice
	}
	h := r.truth(t.host)
	if r.rng.Float64() < r.world.bad/10 {
		h.dead = true
	}
	switch c.Kind {
	case rollout.Update, rollout.Restore, rollout.CheckHosts:
		r.onHost(c, h, &e)
		r.showsNoWayBack(c, h, e)
	default:
		r.onBalancer(c, h, &e)
	}
	return e
}

// showsNoWayBack notes a rehearsal that went wrong before the release was anywhere else.
func (r *Run) showsNoWayBack(c rollout.Command, h *hostTruth, e rollout.Event) {
	early := !r.State.Reconciling && r.State.Step != rollout.StepLast
	bad := e.Outcome == rollout.Failed || c.Kind == rollout.Restore && e.Outcome == rollout.OK && !e.Equal
	r.noWayBack = r.noWayBack || h.rehearsal == c.ID && early && bad
}

func (r *Run) verdict() rollout.Verdict {
	if r.rng.Float64() >= r.world.worse {
		return rollout.Pass
	}
	return []rollout.Verdict{rollout.Fail, rollout.Inconclusive, rollout.NoData}[r.rng.IntN(3)]
}

// onHost changes the host, or fails in one of the ways in which hosts fail.
func (r *Run) onHost(c rollout.Command, h *hostTruth, e *rollout.Event) {
	wrong := r.rng.Float64() < r.world.bad
	switch {
	case h.dead || wrong && r.rng.IntN(3) == 0:
		e.Outcome, e.Reason = rollout.Unreachable, "no route"
		if !h.dead && r.rng.IntN(2) == 0 {
			e.Begun = c.Kind == rollout.Update
			r.change(c, h) // it was lost on the way, and went through all the same
		}
	case wrong:
		r.breakHost(c, h, e)
	default:
		r.change(c, h)
		e.Version, e.Equal, e.Begun = h.version, c.Kind == rollout.Restore, c.Kind == rollout.Update
		r.leave(c, h, e)
	}
	// Without a balancer a host that was not touched has not been out of service.
	if r.Plan.Traffic == nil && c.Kind == rollout.Update && !e.Begun {
		h.open = rollout.Live
	}
}

// leave notes how a good update or restore left a host.
func (r *Run) leave(c rollout.Command, h *hostTruth, e *rollout.Event) {
	switch c.Kind {
	case rollout.Update:
		e.After = "new"
		if r.rng.Float64() < r.world.bad {
			e.After = "otherwise" // it depends on something that was not restored
		}
		h.first, h.last = h.last, e.After
	case rollout.Restore:
		h.shown = h.shown || h.last != ""
	}
}

// breakHost fails a command on a host, before or after it changed something, and
// sometimes with a restore that believes it went well.
func (r *Run) breakHost(c rollout.Command, h *hostTruth, e *rollout.Event) {
	e.Outcome, e.Reason = rollout.Failed, "it broke"
	if r.rng.IntN(2) == 0 {
		return
	}
	switch c.Kind {
	case rollout.Update:
		e.Begun, h.version = true, "broken"
	case rollout.Restore:
		e.Outcome, e.Equal, h.version = rollout.OK, false, "broken"
	}
}

// change makes the host what the command asks for.
func (r *Run) change(c rollout.Command, h *hostTruth) {
	switch c.Kind {
	case rollout.Update:
		h.version = r.Plan.Release.Version
	case rollout.Restore:
		for i := range r.world.hosts {
			if &r.world.hosts[i] == h {
				h.version = r.Plan.Hosts[i].From
			}
		}
	default:
		return
	}
	if r.Plan.Traffic == nil {
		h.open = rollout.Live
	}
}

// onBalancer moves traffic; a failure may have done its work half, that is, or not.
func (r *Run) onBalancer(c rollout.Command, h *hostTruth, e *rollout.Event) {
	wrong := r.rng.Float64() < r.world.bad/2
	if wrong {
		e.Outcome, e.Reason = rollout.Unreachable, "balancer does not answer"
		if r.rng.IntN(2) == 0 {
			h.loose = h.loose || c.Kind == rollout.Drain
			return
		}
	}
	switch c.Kind {
	case rollout.Record:
		e.Balancer = "{}"
		h.recorded = h.recorded || !wrong
	case rollout.Drain:
		h.open = rollout.None
		h.loose = false
	case rollout.Expose:
		h.open = c.Exposure
	case rollout.Return:
		h.open = rollout.Live
		if h.dead && !wrong {
			// Its place is set as it was, and no balancer sees it healthy there.
			e.Outcome, e.Reason, e.Equal = rollout.Unhealthy, "down", true
		}
	}
}
