package rollout

import (
	"fmt"
	"slices"
	"strings"
)

// hostDone absorbs how a command ended on one host.
func (t *turn) hostDone(e Event) error {
	p := slices.IndexFunc(t.Pending, func(p Pending) bool { return p.ID == e.Command })
	if p < 0 {
		return t.refuse(e, "command %d is not pending", e.Command)
	}
	i := t.index(e.Host)
	if i < 0 || t.Hosts[i].Command != e.Command {
		return t.refuse(e, "command %d expects no result of host %q", e.Command, e.Host)
	}
	h := &t.Hosts[i]
	h.Command = 0
	c := t.Pending[p].Command
	t.absorb(c, h, t.checked(c, *h, e))
	t.Pending[p].Left--
	if t.Pending[p].Left == 0 {
		t.Pending = slices.Delete(t.Pending, p, p+1)
	}
	return nil
}

// checked turns a success that is not what was asked for into a failure: a host
// counts as updated or restored only when it was read back so.
func (t *turn) checked(c Command, h HostState, e Event) Event {
	if e.Outcome != OK {
		if e.Reason == "" {
			e.Reason = string(e.Outcome)
		}
		return e
	}
	switch {
	case c.Kind == Record && e.Balancer == "":
		e.Outcome, e.Reason = Failed, "no balancer state was read"
	case c.Kind == Update && e.Version != t.Plan.Release.Version:
		e.Outcome, e.Begun = Failed, true
		e.Reason = fmt.Sprintf("read back as version %q after the update to %q", e.Version, t.Plan.Release.Version)
	case c.Kind == Update && h.Rehearsed && e.After != h.After:
		return secondDiffers(h, e)
	case c.Kind == Restore && !e.Equal:
		e.Outcome = Failed
		e.Reason = "read back and not equal to what was recorded"
	}
	return e
}

// absorb writes a result into the host.
func (t *turn) absorb(c Command, h *HostState, e Event) {
	good := e.Outcome == OK
	if e.Detail != "" {
		h.Detail = e.Detail
	}
	switch c.Kind {
	case Record:
		if good {
			h.Balancer = e.Balancer
		} else if t.Phase == Restoring {
			h.Tries++ // without it nobody could open the host again
		}
	case Drain:
		// A drain that went wrong may have closed some balancers: the host counts as out.
		h.Exposure, h.Ajar = None, false
	case Update:
		t.absorbUpdate(h, e)
	case Expose:
		h.Ajar = !good
		if good {
			h.Exposure = c.Exposure
		}
	case Restore:
		t.absorbRestore(h, e)
	case Return:
		if t.absorbReturn(h, e) {
			return
		}
	}
	if !good {
		t.blame(h, e)
	}
}

// absorbReturn takes in how a host's balancers were put back, and reports whether that
// is nothing to blame the host for. A host that the rollout never touched has its place
// back when that is set as recorded: whether it is healthy is left to the balancers, and
// what it has failed with before says more than that it is not.
func (t *turn) absorbReturn(h *HostState, e Event) (known bool) {
	aside := e.Equal && !h.Begun
	if e.Outcome != OK && !aside {
		h.Returns++
		h.Ajar = true
		return false
	}
	h.Exposure, h.Ajar = Live, false
	return aside && h.Failure != ""
}

func (t *turn) absorbUpdate(h *HostState, e Event) {
	if e.Outcome == OK || e.Begun {
		h.Begun, h.Restored = true, false
	}
	if e.Digest != "" {
		h.Digest = e.Digest
	}
	if e.Version != "" {
		h.Version = e.Version
	}
	if e.Outcome != OK {
		h.Rehearsed = false // it shows so anew, if it is ever updated again
		if t.Plan.Traffic == nil && (!h.Begun || h.Restored) {
			h.Exposure = Live // it was never touched, and without a balancer never taken out
		}
		return
	}
	h.Updated, h.Owed, h.Failure, h.Outcome, h.After = true, false, "", "", e.After
	if t.Plan.Traffic == nil {
		h.Exposure = Live
	}
}

func (t *turn) absorbRestore(h *HostState, e Event) {
	if h.Rehearsing {
		h.rehearsed(e)
	}
	if e.Version != "" || e.Outcome == OK { // read back: none when the service was not there before
		h.Version = e.Version
	}
	if e.Outcome != OK {
		h.Tries++
		return
	}
	h.Restored, h.Updated = true, false
	if t.Plan.Traffic == nil {
		h.Exposure = Live
	}
}

// blame counts a host against the budget, once.
func (t *turn) blame(h *HostState, e Event) {
	h.Failure, h.Outcome, h.Counted = e.Reason, e.Outcome, true
}

// stageDone absorbs a verdict. One for a bake that was dropped comes too late and
// changes nothing.
func (t *turn) stageDone(e Event) error {
	if !t.baking() || t.Pending[0].ID != e.Command {
		if e.Command >= t.Next || e.Command < 1 {
			return t.refuse(e, "there was no command %d", e.Command)
		}
		return nil
	}
	t.Pending = nil
	st := &t.Stages[t.Stage]
	st.Verdict, st.Reason, st.Detail = e.Verdict, e.Reason, e.Detail
	switch e.Verdict {
	case Pass:
		t.leave("")
	case Fail:
		t.fail(fmt.Sprintf("stage %s: %s", t.stage().Name, e.Reason))
	default:
		t.unclear(e)
	}
	return nil
}

// longer is how often a stage is watched for as long again at most.
const longer = 3

// unclear holds a rollout whose stage got no clear verdict, takes it back, or has the stage
// watched for longer.
func (t *turn) unclear(e Event) {
	if st := &t.Stages[t.Stage]; t.Plan.OnUnclear == ChooseWait && st.Longer < longer {
		st.Longer++ // the step is the bake still, and another one follows
		return
	}
	why := fmt.Sprintf("stage %s is %s: %s", t.stage().Name, e.Verdict, e.Reason)
	if t.Plan.OnUnclear == ChooseRestore {
		t.restore(why)
		return
	}
	t.wait(why)
}

// wait holds the rollout for a person.
func (t *turn) wait(why string) {
	t.Why = why
	t.enterPhase(Waiting, t.failed())
}

// fail does what the plan says for a rollout that went wrong.
func (t *turn) fail(why string) {
	if t.Plan.OnFail == ChooseAsk {
		t.wait(why)
		return
	}
	t.restore(why)
}

// index finds a host of the plan by name; -1 when there is none.
func (t *turn) index(name string) int {
	i, ok := slices.BinarySearchFunc(t.Plan.Hosts, name, func(h Host, n string) int {
		return strings.Compare(h.Name, n)
	})
	if !ok {
		return -1
	}
	return i
}
