package view

import (
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Line is one thing worth telling.
type Line struct {
	At   time.Time `json:"at"`
	Tone Tone      `json:"tone,omitempty"`
	Text string    `json:"text"`
}

// Moment is a rollout before and after one event. Before may share its hosts with
// After, so only its Head is looked at.
type Moment struct {
	Before rollout.Head
	Event  rollout.Event
	After  rollout.State
}

// Tell says what an event meant, in the order in which it happened; most events
// are worth one line, a few none or two.
func Tell(m Moment) []Line {
	var lines []Line
	say := func(tone Tone, format string, args ...any) {
		lines = append(lines, Line{At: m.Event.At, Tone: tone, Text: fmt.Sprintf(format, args...)})
	}
	tellEvent(m, say)
	tellStage(m, say)
	tellPhase(m, say)
	return lines
}

type sayFunc func(tone Tone, format string, args ...any)

// tellEvent says what the event itself was.
func tellEvent(m Moment, say sayFunc) {
	e, p := m.Event, m.After.Plan
	switch e.Kind {
	case rollout.Start:
		say(Neutral, "%s %s to %s on %s, started by %s", p.Service, p.Release.Version, p.Environment, Count(len(p.Hosts), "host"), p.By)
	case rollout.HostDone:
		tellHost(m, say)
	case rollout.Adopt:
		say(Neutral, "%s remembers the rollout: it was brought to %s", e.Host, Version(e.Version))
	case rollout.Promote, rollout.Complete, rollout.Abort, rollout.Rollback, rollout.Pause, rollout.Resume, rollout.Reconcile:
		say(Neutral, "%s asked by %s%s", e.Kind, orSomeone(e.By), reason(e.Reason))
	}
}

// tellHost says how a command ended on a host, when that changed the host.
func tellHost(m Moment, say sayFunc) {
	e := m.Event
	kind := commandKind(m.Before, e.Command)
	if e.Outcome != rollout.OK {
		say(Bad, "%s %s: %s", e.Host, failedAt(kind, e.Outcome), orUnknown(e.Reason))
		tellSaid(e, say)
		return
	}
	host := hostOf(m.After, e.Host)
	switch kind {
	case rollout.Update:
		again := ""
		if host.Rehearsed && m.After.Plan.Rehearse {
			again = " again, as after the first update: it can go back"
		}
		say(Neutral, "%s runs %s%s%s", e.Host, Version(e.Version), again, adopted(e))
	case rollout.Restore:
		tellRestored(m, host, say)
	case rollout.CheckHosts:
		tellTried(m, say)
	case rollout.Expose:
		if c, ok := pending(m.Before, e.Command); ok {
			say(Neutral, "%s is %s", e.Host, openTo(c.Exposure))
		}
	}
}

// tellRestored says how a host was put back, for good or for the rehearsal.
func tellRestored(m Moment, host rollout.HostState, say sayFunc) {
	e := m.Event
	switch {
	case !e.Equal && host.NoWayBack:
		say(Bad, "%s was put back for the rehearsal and differs from its recorded state%s", e.Host, reason(e.Reason))
	case !e.Equal:
		say(Bad, "%s was put back and differs from its recorded state%s", e.Host, reason(e.Reason))
	case m.Before.Phase == rollout.Running && host.Rehearsed:
		say(Good, "%s rehearsed going back: on %s, read back equal%s", e.Host, Version(e.Version), adopted(e))
	default:
		say(Good, "%s is back on %s, read back equal%s", e.Host, Version(e.Version), adopted(e))
	}
}

// hostOf is the state of a host by name.
func hostOf(s rollout.State, name string) rollout.HostState {
	for i, h := range s.Plan.Hosts {
		if h.Name == name && i < len(s.Hosts) {
			return s.Hosts[i]
		}
	}
	return rollout.HostState{}
}

// tellStage says that a stage was entered or left, with its verdict.
func tellStage(m Moment, say sayFunc) {
	p := m.After.Plan
	for i, now := range m.After.Stages {
		if i >= len(m.Before.Stages) {
			break
		}
		was := m.Before.Stages[i]
		switch {
		case was.Verdict != now.Verdict || was.Longer != now.Longer:
			say(verdictTone(now.Verdict), "%s: %s%s", p.Stages[i].Name, now.Verdict, reason(now.Reason))
		case was.Left.IsZero() && now.Unjudged():
			say(Warn, "%s: no verdict, %s", p.Stages[i].Name, promoted(now.By))
		}
	}
	entered := m.After.Stage != m.Before.Stage || m.Event.Kind == rollout.Start
	if entered && m.After.Phase == rollout.Running && m.After.Stage < len(p.Stages) {
		say(Neutral, "%s begins: %s", p.Stages[m.After.Stage].Name, stageHosts(p.Stages[m.After.Stage]))
	}
	if bake, ok := newBake(m); ok {
		again := ""
		if stageAt(m.After, bake.Stage).Longer > 0 {
			again = " again"
		}
		say(Neutral, "%s is watched for %s%s", p.Stages[bake.Stage].Name, bakeBounds(p.Stages[bake.Stage].Bake), again)
	}
}

// tellPhase says that the rollout is somewhere else now.
func tellPhase(m Moment, say sayFunc) {
	s := m.After
	if s.Phase == m.Before.Phase {
		return
	}
	switch s.Phase {
	case rollout.Waiting:
		say(Warn, "waiting%s", reason(s.Why))
	case rollout.Paused:
		say(Warn, "paused%s", reason(s.Why))
	case rollout.Restoring:
		say(Warn, "putting production back%s", reason(s.Why))
	case rollout.Completed:
		say(Good, "completed: %s runs %s on %s", s.Plan.Service, s.Plan.Release.Version, Count(updated(s), "host"))
	case rollout.Restored:
		say(Good, "restored: %s put back and read back equal", Count(restored(s), "host"))
	case rollout.NeedsPerson:
		say(Bad, "needs a person%s", reason(s.Why))
	}
}

// newBake returns the bake that this event began.
func newBake(m Moment) (rollout.Pending, bool) {
	for _, c := range m.After.Pending {
		if c.Kind != rollout.BakeStage {
			continue
		}
		_, before := pending(m.Before, c.ID)
		return c, !before
	}
	return rollout.Pending{}, false
}

// Line prints one line with its time.
func (t Theme) Line(l Line) string {
	return t.Faint.Render(l.At.Local().Format(time.TimeOnly)) + "  " + t.style(l.Tone).Render(l.Text)
}
