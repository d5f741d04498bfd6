package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Screen is the live picture of one rollout.
type Screen struct {
	State rollout.State
	Lines []Line    // told so far, oldest first
	Now   time.Time // for what is counted in seconds
	Note  string    // what a key just asked for
	Owner bool      // this program drives the rollout: leaving pauses it
	// Finding is the judge's last one, when this program drives; nil when there is none.
	Finding *Finding
	Theme
	Width, Height int
}

// The rows that are shown however small the terminal is.
const (
	fewestLines = 2
	mostLines   = 8
	margin      = " "
)

// String draws the screen; it never has more than Height rows or Width columns.
func (s Screen) String() string {
	if s.State.Plan == nil {
		return ""
	}
	s.Width, s.Height = max(s.Width, 20), max(s.Height, 6)
	top := append([]string{s.header(), ""}, s.stages()...)
	bottom := s.bottom()
	free := s.Height - len(top) - len(bottom)
	hosts := s.hosts(free - fewestLines - 2)
	if len(hosts) > 0 {
		hosts = append([]string{""}, hosts...)
	}
	lines := s.told(min(mostLines, free-len(hosts)-1))
	if len(lines) > 0 {
		lines = append([]string{""}, lines...)
	}
	return s.frame(top, hosts, lines, bottom)
}

// frame joins the parts, and cuts what is too much from the middle.
func (s Screen) frame(top, hosts, lines, bottom []string) string {
	rows := append(append(append([]string{}, top...), hosts...), lines...)
	if over := len(rows) + len(bottom) - s.Height; over > 0 {
		rows = rows[:max(1, len(rows)-over)]
	}
	rows = append(rows, bottom...)
	for i, r := range rows {
		rows[i] = strings.TrimRight(cut(margin+r, s.Width), " ")
	}
	return strings.Join(rows, "\n")
}

func (s Screen) inner() int { return s.Width - 2*len(margin) }

// header says which rollout this is and how long it has run.
func (s Screen) header() string {
	p := s.State.Plan
	left := fmt.Sprintf("%s  %s %s %s  %s", s.Strong.Render(p.Service), From(p), s.Arrow,
		s.Strong.Render(p.Release.Version), s.Active.Render(p.Environment))
	right := s.Faint.Render("rollout "+ShortID(p.ID)) + "  " + Short(s.elapsed())
	return spread(left, right, s.inner())
}

func (s Screen) elapsed() time.Duration {
	end := s.Now
	if s.State.Phase.Ended() {
		end = s.State.Ended
	}
	if s.State.Started.IsZero() {
		return 0
	}
	return end.Sub(s.State.Started)
}

// told returns the last lines, newest last, and as many rows whether there are so
// many or not: what is below does not move.
func (s Screen) told(most int) []string {
	if most <= 0 {
		return nil
	}
	rows := make([]string, most)
	for i, l := range s.Lines[max(0, len(s.Lines)-most):] {
		rows[i] = s.Line(l)
	}
	return rows
}

// bottom is the line that says where things stand, what is measured, and the keys.
func (s Screen) bottom() []string {
	rows := append([]string{"", s.standing()}, s.metrics()...)
	return append(rows, s.keys())
}

// standing says in one line what the rollout does or waits for.
func (s Screen) standing() string {
	st := s.State
	if s.Note != "" {
		return s.Warn.Render(s.Note)
	}
	switch st.Phase {
	case rollout.Waiting:
		return s.Warn.Render(s.Waiting + " " + orElse(st.Why, "waiting for promote, complete or abort"))
	case rollout.Paused:
		return s.Warn.Render(s.Waiting + " paused" + reason(st.Why))
	case rollout.Restoring:
		return s.Warn.Render(s.Back+" putting production back") + s.Faint.Render(reason(st.Why))
	case rollout.Completed:
		return s.Good.Render(s.Done + " completed")
	case rollout.Restored:
		return s.Good.Render(s.Done+" production was restored") + s.Faint.Render(reason(st.Why))
	case rollout.NeedsPerson:
		return s.Bad.Render(s.Failed+" a person is needed") + reason(st.Why)
	}
	if f, ok := s.look(); ok {
		return s.Active.Render(s.Current+" ") + "watching " + f.Stage + ": " + f.thoughts()
	}
	return s.Active.Render(s.Current+" ") + Activity(st)
}

// keys are what can be pressed now.
func (s Screen) keys() string {
	if s.State.Phase.Ended() {
		return ""
	}
	leave := "leave"
	if s.Owner && s.State.Phase != rollout.Paused && s.State.Phase != rollout.Waiting {
		leave = "pause and leave"
	}
	keys := []string{}
	switch s.State.Phase {
	case rollout.Waiting:
		keys = append(keys, "p promote", "c complete", "a abort")
	case rollout.Paused:
		keys = append(keys, "r resume", "a abort")
	case rollout.Running:
		if baking(s.State) {
			keys = append(keys, "p promote")
		}
		keys = append(keys, "c complete", "a abort")
	}
	keys = append(keys, "q "+leave)
	for i, k := range keys {
		keys[i] = s.Strong.Render(k[:1]) + s.Faint.Render(k[1:])
	}
	return strings.Join(keys, "   ")
}

// baking reports whether a stage is being watched, so that it can be promoted.
func baking(st rollout.State) bool {
	return len(st.Pending) == 1 && st.Pending[0].Kind == rollout.BakeStage
}

// Activity says in a few words what a rollout is doing.
func Activity(st rollout.State) string {
	for _, c := range st.Pending {
		name := st.Plan.Stages[c.Stage].Name
		if c.Kind == rollout.BakeStage {
			return fmt.Sprintf("watching %s for %s", name, bakeBounds(st.Plan.Stages[c.Stage].Bake))
		}
		return fmt.Sprintf("%s %s", doing(st.Head, c.Kind, c.Exposure), atWork(st, c))
	}
	return string(st.Phase)
}

// atWork names the hosts that a command still works on.
func atWork(st rollout.State, c rollout.Pending) string {
	var names []string
	for i, h := range st.Hosts {
		if h.Command == c.ID {
			names = append(names, st.Plan.Hosts[i].Name)
		}
	}
	if len(names) == 0 {
		names = c.Hosts
	}
	return Names(names, 3)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
