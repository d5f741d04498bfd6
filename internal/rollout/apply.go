package rollout

import (
	"fmt"
	"time"
)

// Refusal is why an event makes no sense in a state. Nothing changed.
type Refusal struct {
	Event EventKind
	Phase Phase
	Why   string
}

// Error says what was asked, where the rollout is, and why it cannot be.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s refused while the rollout is %s: %s", r.Event, r.Phase, r.Why)
}

// New returns the state of a rollout that has not started. The plan must hold at
// least one stage and name every host of its waves in Hosts; plan.Build does.
func New(p *Plan) State {
	s := State{Plan: p, Hosts: make([]HostState, len(p.Hosts))}
	s.Phase, s.Next, s.Step = Planned, 1, StepRecord
	s.Stages = make([]StageState, len(p.Stages))
	for i, h := range p.Hosts {
		s.Hosts[i] = HostState{Exposure: Live, Version: h.From}
	}
	return s
}

// turn is one application of events: a copy of the state that may be changed, the
// event at hand and its time, and the commands and notices decided so far.
type turn struct {
	State
	event    Event
	at       time.Time
	commands []Command
	notices  []Notice
}

// take absorbs one event, and decides what follows from it.
func (t *turn) take(e Event) error {
	t.event, t.at = e, e.At
	var err error
	switch e.Kind {
	case HostDone:
		err = t.hostDone(e)
	case StageDone:
		err = t.stageDone(e)
	default:
		err = t.request(e)
	}
	if err != nil {
		return err
	}
	t.Changed = e.At
	t.advance()
	return nil
}

// advance issues the next commands. A command is only issued when no other is
// pending: what comes next always depends on every host of the one before.
func (t *turn) advance() {
	for len(t.Pending) == 0 {
		moved := false
		switch t.Phase {
		case Running:
			moved = t.forward()
		case Restoring:
			moved = t.back()
		}
		if !moved {
			return
		}
	}
}

// issue hands a command to the engine.
func (t *turn) issue(kind CommandKind, exposure Exposure, hosts []int) {
	c := Command{ID: t.Next, Kind: kind, Stage: t.Stage, Exposure: exposure, At: t.at}
	t.Next++
	left := 1
	if kind != BakeStage {
		left = len(hosts)
		c.Hosts = make([]string, left)
	}
	for i, h := range hosts {
		c.Hosts[i] = t.Plan.Hosts[h].Name
		t.Hosts[h].Command = c.ID
	}
	t.Pending = append(t.Pending, Pending{Command: c, Left: left})
	t.commands = append(t.commands, c)
}

// refuse makes a Refusal of an event.
func (t *turn) refuse(e Event, format string, args ...any) error {
	return &Refusal{Event: e.Kind, Phase: t.Phase, Why: fmt.Sprintf(format, args...)}
}

// end closes the rollout; hosts are those that matter then.
func (t *turn) end(phase Phase, why string, hosts []int) {
	t.Why, t.Ended, t.Reconciling = why, t.at, false
	t.enterPhase(phase, hosts)
}
