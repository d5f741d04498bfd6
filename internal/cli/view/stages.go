package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// stages draws one row a stage: mark, name, bar, hosts, what became of it.
func (s Screen) stages() []string {
	p := s.State.Plan
	name, count := 0, 0
	for i, st := range p.Stages {
		name = max(name, len(st.Name))
		count = max(count, len(s.count(i)))
	}
	bar := min(28, max(6, s.inner()-name-count-36))
	rows := make([]string, 0, len(p.Stages))
	for i, st := range p.Stages {
		row := fmt.Sprintf("%s %s  %s  %*s  %s", s.stageMark(i), fit(st.Name, name),
			s.bar(i, bar), count, s.count(i), s.stageState(i))
		rows = append(rows, row)
	}
	return rows
}

// stageMark is the sign of a stage.
func (s Screen) stageMark(i int) string {
	st := s.State
	state := stageAt(st, i)
	switch {
	case state.Verdict == rollout.Pass || i < st.Passed || st.Phase == rollout.Completed:
		return s.Good.Render(s.Done)
	case state.Verdict == rollout.Fail:
		return s.Bad.Render(s.Failed)
	case i != st.Stage || state.Entered.IsZero() && st.Phase == rollout.Planned:
		return s.Faint.Render(s.Later)
	case st.Phase == rollout.Running:
		return s.Active.Render(s.Current)
	case st.Phase == rollout.Waiting || st.Phase == rollout.Paused:
		return s.Warn.Render(s.Waiting)
	}
	return s.Bad.Render(s.Failed)
}

// bar shows how many of a stage's hosts run the release.
func (s Screen) bar(i, width int) string {
	done, all := s.progress(i)
	full := 0
	if all > 0 {
		full = done * width / all
	}
	style := s.Good
	if s.goingBack() {
		style = s.Warn
	}
	return style.Render(strings.Repeat(s.Full, full)) + s.Faint.Render(strings.Repeat(s.Empty, width-full))
}

func (s Screen) count(i int) string {
	done, all := s.progress(i)
	return fmt.Sprintf("%d/%d", done, all)
}

// progress counts the hosts of a stage that run the release.
func (s Screen) progress(i int) (done, all int) {
	in := map[string]bool{}
	for _, name := range s.State.Plan.Stages[i].Hosts() {
		in[name] = true
	}
	for j, h := range s.State.Hosts {
		if in[s.State.Plan.Hosts[j].Name] && h.Updated && h.Version == s.State.Plan.Release.Version {
			done++
		}
	}
	return done, len(in)
}

// stageState says in words what became of a stage, and how long it took.
func (s Screen) stageState(i int) string {
	st, state := s.State, stageAt(s.State, i)
	took := ""
	if !state.Entered.IsZero() {
		end := s.Now
		if !state.Left.IsZero() {
			end = state.Left
		} else if st.Phase.Ended() {
			end = st.Ended
		}
		took = Short(end.Sub(state.Entered))
	}
	bake, watched := s.watched(i)
	switch {
	case watched:
		return s.Active.Render(bake)
	case state.Unjudged():
		return s.Warn.Render(promoted(state.By)) + s.Faint.Render("  "+took)
	case state.Verdict != "":
		return s.style(verdictTone(state.Verdict)).Render(string(state.Verdict)) + s.Faint.Render("  "+took)
	case i < st.Passed || st.Phase == rollout.Completed:
		return s.Good.Render("done") + s.Faint.Render("  "+took)
	case i != st.Stage || st.Phase == rollout.Planned:
		return s.Faint.Render(s.later(i))
	}
	return s.now(i, took)
}

// later says what a stage that has not begun will wait for.
func (s Screen) later(i int) string {
	if s.State.Plan.Stages[i].Approval {
		return "after an approval"
	}
	return ""
}

// watched says for how long a stage has been watched, while it is: also when an earlier
// time of watching it came to no verdict.
func (s Screen) watched(i int) (string, bool) {
	for _, c := range s.State.Pending {
		if c.Kind == rollout.BakeStage && c.Stage == i {
			text := fmt.Sprintf("watched %s of %s", Short(s.Now.Sub(c.At)), duration.Text(longest(s.State.Plan.Stages[i].Bake)))
			if stageAt(s.State, i).Longer > 0 {
				text += ", again"
			}
			return text, true
		}
	}
	return "", false
}

func longest(b rollout.Bake) time.Duration { return max(b.Most, b.Least) }

// now says what the current stage is doing, and for how long it has.
func (s Screen) now(i int, took string) string {
	style, word := s.Active, stepWords(s.State.Step)
	switch phase := s.State.Phase; phase {
	case rollout.Running:
	case rollout.NeedsPerson:
		style, word = s.Bad, string(phase)
	default:
		style, word = s.Warn, string(phase)
	}
	return style.Render(word) + s.Faint.Render("  "+took)
}

func stepWords(step rollout.Step) string {
	switch step {
	case rollout.StepRecord:
		return "recording"
	case rollout.StepApproval:
		return "approval"
	case rollout.StepChecks:
		return "checking"
	case rollout.StepBake:
		return "watched"
	}
	return "updating"
}

// goingBack reports whether hosts are, or were, put back.
func (s Screen) goingBack() bool {
	p := s.State.Phase
	return p == rollout.Restoring || p == rollout.Restored || p == rollout.NeedsPerson
}

// stageAt returns a stage's state, or nothing when the state is shorter than the plan.
func stageAt(st rollout.State, i int) rollout.StageState {
	if i >= len(st.Stages) {
		return rollout.StageState{}
	}
	return st.Stages[i]
}
