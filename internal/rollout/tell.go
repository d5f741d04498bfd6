package rollout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PlannedNotice is what is told of a plan when it is journalled.
func PlannedNotice(p *Plan) Notice {
	return Notice{Key: "0/" + string(NoticePlanned), Kind: NoticePlanned, At: p.At, By: p.By, Total: len(p.Hosts)}
}

// RemindAfter is how long a rollout waits for a person until the first reminder. The
// second comes after twice that, the third after four times, and then no more.
const RemindAfter = 30 * time.Minute

// reminders is how many there are at most in one wait.
const reminders = 3

// Reminder returns the latest reminder that is due while a rollout waits for a person,
// and when the next one will be; its key is empty, or the time zero, when there is none.
// It depends on the state and the time alone, so that two processes make the same one.
func (s *State) Reminder(now time.Time) (n Notice, next time.Time) {
	if s.Phase != Waiting {
		return n, next
	}
	told := 0
	for told < reminders && !s.Since.Add(RemindAfter<<told).After(now) {
		told++
	}
	if told < reminders {
		next = s.Since.Add(RemindAfter << told)
	}
	if told > 0 {
		n = Notice{
			Key: fmt.Sprintf("%d/%s/%d", s.SinceSeq, NoticeReminder, told), Kind: NoticeReminder,
			At: now, Why: s.Why, Stage: s.stage().Name, Total: len(s.Hosts), Took: now.Sub(s.Since),
		}
		s.count(&n)
	}
	return n, next
}

// tell notes what is worth telling of the event at hand.
func (t *turn) tell(n Notice, about ...string) {
	n.Key = strings.Join(append([]string{strconv.Itoa(t.event.Seq), string(n.Kind)}, about...), "/")
	n.At, n.Total = t.at, len(t.Hosts)
	if n.Took == 0 && !t.Started.IsZero() {
		n.Took = t.at.Sub(t.Started)
	}
	t.count(&n)
	t.notices = append(t.notices, n)
}

// count fills in how many hosts are what.
func (s *State) count(n *Notice) {
	for _, h := range s.Hosts {
		switch {
		case h.Updated && h.Failure == "":
			n.Updated++
		case h.Restored:
			n.Restored++
		}
		if h.Failure != "" {
			n.Failed++
		}
	}
}

// enterPhase changes the phase and tells of it. why stays as it is when it is empty.
func (t *turn) enterPhase(p Phase, hosts []int) {
	t.Phase = p
	t.Since, t.SinceSeq = t.at, t.event.Seq
	kinds := map[Phase]NoticeKind{
		Waiting: NoticeWaiting, Paused: NoticePaused, Restoring: NoticeRestoring,
		Completed: NoticeCompleted, Restored: NoticeRestored, NeedsPerson: NoticePerson,
	}
	n := Notice{Kind: kinds[p], Why: t.Why, Hosts: t.most(hosts)}
	if p == Waiting || p == Restoring {
		n.Stage = t.stage().Name
		if v := t.Stages[t.Stage].Verdict; v != Pass {
			n.Verdict = v
		}
	}
	switch t.event.Kind {
	case Abort, Rollback, Reconcile:
		n.By = t.event.By
	case Pause:
		n.By, n.Why = t.event.By, t.event.Reason
	}
	t.tell(n)
}

// most names hosts for a notice, at most eight.
func (s *State) most(hosts []int) []string {
	var names []string
	for _, i := range hosts[:min(len(hosts), atMostNamed)] {
		names = append(names, s.Plan.Hosts[i].Name)
	}
	return names
}

// failed returns the hosts that count against the budget now.
func (s *State) failed() []int {
	var hosts []int
	for i, h := range s.Hosts {
		if h.Failure != "" {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// owed returns the hosts that did not get the change that the others got.
func (s *State) owed() []int {
	var hosts []int
	for i, h := range s.Hosts {
		if h.Owed {
			hosts = append(hosts, i)
		}
	}
	return slices.Clip(hosts)
}
