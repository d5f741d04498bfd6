package rollout

import "slices"

// Decision is what follows from events.
type Decision struct {
	State    State     // after them
	Commands []Command // that are to be run because of them
	Notices  []Notice  // that are worth telling because of them, in order
}

// Decide applies events in order and copies the state once. It stops at the first event
// that is refused, and then returns s as it was; an error is always a *Refusal. How
// events are cut into calls changes nothing of what is decided.
func Decide(s State, events []Event) (Decision, error) {
	t := &turn{State: s}
	t.Hosts = slices.Clone(s.Hosts)
	t.Pending = slices.Clone(s.Pending)
	t.Stages = slices.Clone(s.Stages)
	for _, e := range events {
		if err := t.take(e); err != nil {
			return Decision{State: s}, err
		}
	}
	return Decision{State: t.State, Commands: t.commands, Notices: t.notices}, nil
}

// Apply is Decide for one event, without its notices.
func Apply(s State, e Event) (State, []Command, error) { return ApplyAll(s, []Event{e}) }

// ApplyAll is Decide without the notices.
func ApplyAll(s State, events []Event) (State, []Command, error) {
	d, err := Decide(s, events)
	return d.State, d.Commands, err
}
