package rollout

import (
	"fmt"
	"time"
)

// reconcile settles what hosts are owed: after a rollout that went forward they get the
// release on the ordinary way, without stages and bakes, and a failure leaves them owed;
// after one that was taken back they are restored.
func (t *turn) reconcile(e Event) error {
	switch {
	case t.Phase == NeedsPerson && t.Back:
		t.restore(t.asked(e, "reconciled"))
		return nil
	case t.Phase == NeedsPerson:
	case t.Phase != Completed:
		return t.refuse(e, "only one that completed, or that a person was needed for, owes hosts anything")
	case len(t.owed()) == 0:
		return t.refuse(e, "no host is owed anything")
	}
	owed := t.owed()
	for i := range t.Hosts {
		t.Hosts[i].Tries, t.Hosts[i].Returns = 0, 0
	}
	for _, i := range owed {
		if h := &t.Hosts[i]; !h.Begun || h.Restored { // others are restored, and stay owed
			h.Failure, h.Outcome, h.Retried = "", "", true
			h.Rehearsed, h.NoWayBack = false, false // hosts change with the time
		}
	}
	t.Excused = max(t.Excused, t.counted()+len(owed))
	t.Phase, t.Step, t.Reconciling = Running, StepLast, true
	t.Why = t.asked(e, fmt.Sprintf("reconciling %s", t.names(t.unsettled())))
	t.Since, t.SinceSeq = t.at, t.event.Seq
	t.tell(Notice{Kind: NoticeStarted, By: e.By, Why: t.Why, Hosts: t.most(t.unsettled())})
	return nil
}

// Debt is what an ended rollout still owes a host.
type Debt struct {
	Host string
	// Restore is true when the host must be put back, false when it lacks the release.
	Restore bool
}

// Debts returns what an ended rollout owes hosts, in the plan's order. Reconcile settles it.
func (s *State) Debts() []Debt {
	if !s.Phase.Ended() {
		return nil
	}
	var debts []Debt
	for i, h := range s.Hosts {
		serves := s.settled(i) && !(s.Back && h.Begun && !h.Restored)
		if h.Owed || !serves {
			debts = append(debts, Debt{Host: s.Plan.Hosts[i].Name, Restore: !serves})
		}
	}
	return debts
}

// unsettled returns the hosts that are owed the change, or are neither updated nor restored.
func (t *turn) unsettled() []int {
	var hosts []int
	for i, h := range t.Hosts {
		if h.Owed || !t.settled(i) {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// settled reports whether a host serves, with the release or with what it ran before.
func (s *State) settled(i int) bool {
	h := s.Hosts[i]
	return h.Exposure == Live && (h.Updated && h.Failure == "" || !h.Begun || h.Restored)
}

// asked is a reason with who asked, and why.
func (t *turn) asked(e Event, why string) string {
	if e.By != "" {
		why += " by " + e.By
	}
	if e.Reason != "" {
		why += ": " + e.Reason
	}
	return why
}

// adoptedFrom is the id of the first command of a rollout that is adopted at a time. Hosts
// remember the results of the commands that other journals gave them, by their ids, and
// would answer with those: no rollout has as many commands as there were seconds, and no
// two machines adopt one in the same second.
func adoptedFrom(at time.Time) int { return int(max(at.Unix(), 1_000_000)) }

// adopt takes over what a host remembers of a rollout that this journal has not seen.
// The rollout counts as completed, so that it can be rolled back; hosts that nobody
// remembers it of are owed it.
func (t *turn) adopt(e Event) error {
	if !t.Started.IsZero() || t.Phase != Planned && t.Phase != Completed {
		return t.refuse(e, "only a plan that was never started can be adopted")
	}
	i := t.index(e.Host)
	if i < 0 {
		return t.refuse(e, "the plan has no host %q", e.Host)
	}
	if t.Phase == Planned {
		for i := range t.Hosts {
			t.Hosts[i].Owed = true
		}
		t.Step, t.Stage, t.Passed = StepLast, len(t.Plan.Stages)-1, len(t.Plan.Stages)
		t.Next = max(t.Next, adoptedFrom(t.at))
	}
	h := &t.Hosts[i]
	h.Begun, h.Updated, h.Owed = true, true, false
	h.Version, h.Digest, h.Rehearsed = e.Version, e.Digest, true
	t.Phase, t.Ended, t.Why = Completed, t.at, ""
	if owed := t.owed(); len(owed) > 0 {
		t.Why = "adopted from what hosts remember; not known of " + t.names(owed)
	}
	return nil
}
