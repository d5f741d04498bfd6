package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Summary is one rollout as status, show and the end of a deploy tell it, in text
// and as JSON.
type Summary struct {
	ID          string         `json:"id"`
	Service     string         `json:"service"`
	Environment string         `json:"environment"`
	From        string         `json:"from"`
	To          string         `json:"to"`
	By          string         `json:"by"`
	Phase       rollout.Phase  `json:"phase"`
	Why         string         `json:"why,omitempty"`
	Started     time.Time      `json:"started,omitzero"`
	Ended       time.Time      `json:"ended,omitzero"`
	Seconds     float64        `json:"seconds"`
	Stages      []StageSummary `json:"stages"`
	Hosts       []HostSummary  `json:"hosts"`
	// Unsafe is why going back may not work after live traffic, AcceptedBy who said yes to that.
	Unsafe     []string `json:"unsafe,omitempty"`
	AcceptedBy string   `json:"accepted_by,omitempty"`
	// Next are the commands that make sense now.
	Next []string `json:"next,omitempty"`
}

// StageSummary is what became of one stage.
type StageSummary struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Hosts   int             `json:"hosts"`
	Updated int             `json:"updated"`
	Back    int             `json:"restored,omitempty"` // hosts that were put back
	Verdict rollout.Verdict `json:"verdict,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	By      string          `json:"by,omitempty"`
	// Unjudged is true when By had the stage left before there was a verdict.
	Unjudged bool `json:"unjudged,omitempty"`
	// Longer is how often it was watched for as long again, because nothing was clear.
	Longer  int     `json:"longer,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

// HostSummary is one host: what it ran, what it runs, and what went wrong.
type HostSummary struct {
	Name     string           `json:"name"`
	Zone     string           `json:"zone,omitempty"`
	Stage    string           `json:"stage"`
	Before   string           `json:"before"`
	Now      string           `json:"now"`
	Exposure rollout.Exposure `json:"exposure,omitempty"`
	Changed  bool             `json:"changed"`
	Restored bool             `json:"restored"`
	Outcome  rollout.Outcome  `json:"outcome,omitempty"`
	Failure  string           `json:"failure,omitempty"`
	Owed     bool             `json:"owed,omitempty"`
	Detail   string           `json:"detail,omitempty"`
}

// Summarize tells a rollout as it stands at a moment.
func Summarize(st rollout.State, now time.Time) Summary {
	p := st.Plan
	screen := Screen{State: st, Now: now}
	sum := Summary{
		ID: p.ID, Service: p.Service, Environment: p.Environment, From: From(p), To: p.Release.Version,
		By: p.By, Phase: st.Phase, Why: st.Why, Started: st.Started, Ended: st.Ended,
		Seconds: seconds(screen.elapsed()), Next: next(st), Unsafe: p.Unsafe, AcceptedBy: p.AcceptedBy,
	}
	stage, back := map[string]string{}, map[string]int{}
	for i, h := range st.Hosts {
		if h.Restored {
			back[p.Hosts[i].Name] = 1
		}
	}
	for i, s := range p.Stages {
		done, all := screen.progress(i)
		state := stageAt(st, i)
		sum.Stages = append(sum.Stages, StageSummary{
			Name: s.Name, Kind: string(s.Kind), Hosts: all, Updated: done,
			Verdict: state.Verdict, Reason: state.Reason, By: state.By,
			Unjudged: state.Unjudged(), Longer: state.Longer, Seconds: stageSeconds(state, st, now),
		})
		for _, name := range s.Hosts() {
			stage[name] = s.Name
			sum.Stages[i].Back += back[name]
		}
	}
	for i, h := range st.Hosts {
		sum.Hosts = append(sum.Hosts, summarizeHost(p.Hosts[i], h, stage[p.Hosts[i].Name]))
	}
	return sum
}

func summarizeHost(p rollout.Host, h rollout.HostState, stage string) HostSummary {
	return HostSummary{
		Name: p.Name, Zone: p.Zone, Stage: stage, Before: p.From, Now: orElse(h.Version, p.From),
		Exposure: h.Exposure, Changed: h.Begun, Restored: h.Restored, Outcome: h.Outcome,
		Failure: h.Failure, Owed: h.Owed, Detail: h.Detail,
	}
}

func stageSeconds(s rollout.StageState, st rollout.State, now time.Time) float64 {
	if s.Entered.IsZero() {
		return 0
	}
	switch {
	case !s.Left.IsZero():
		now = s.Left
	case st.Phase.Ended():
		now = st.Ended
	}
	return seconds(now.Sub(s.Entered))
}

func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}

// next lists what can be typed now.
func next(st rollout.State) []string {
	id := ShortID(st.Plan.ID)
	switch st.Phase {
	case rollout.Waiting:
		return []string{"slipway promote " + id, "slipway complete " + id, "slipway abort " + id}
	case rollout.Paused, rollout.Planned:
		return []string{"slipway resume " + id, "slipway abort " + id}
	case rollout.Running, rollout.Restoring:
		return []string{"slipway resume " + id}
	case rollout.Completed:
		if len(Owed(st)) > 0 {
			return []string{"slipway reconcile " + id, "slipway rollback " + id}
		}
		return []string{"slipway rollback " + id}
	case rollout.NeedsPerson:
		return []string{"slipway show " + id, "slipway reconcile " + id}
	}
	return nil
}

// Owed names the hosts that a rollout owes something: the change that the others got, or,
// after one that was taken back, their restore.
func Owed(st rollout.State) []string {
	names := []string{}
	for i, h := range st.Hosts {
		back := st.Phase == rollout.NeedsPerson && st.Back && h.Begun && !h.Restored
		if h.Owed || back {
			names = append(names, st.Plan.Hosts[i].Name)
		}
	}
	return names
}

// Summary prints a rollout in a few lines: what, where it ended, stages, and the
// hosts that need a look.
func (t Theme) Summary(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s on %s: %s%s\n", t.Strong.Render(s.Service), s.From, t.Arrow, t.Strong.Render(s.To),
		s.Environment, t.style(phaseTone(s.Phase)).Render(string(s.Phase)), reason(t.why(s)))
	fmt.Fprintf(&b, "  rollout %s by %s, %s\n", s.ID, orSomeone(s.By), took(s))
	if len(s.Unsafe) > 0 {
		fmt.Fprintf(&b, "  %s, accepted by %s\n", t.Bad.Render("no safe way back after live traffic"), orSomeone(s.AcceptedBy))
	}
	name := 0
	for _, st := range s.Stages {
		name = max(name, len(st.Name))
	}
	for _, st := range s.Stages {
		fmt.Fprintf(&b, "  %s %s  %s%s\n", t.summaryMark(st), fit(st.Name, name), t.summaryStage(st), reason(Clause(st.Reason, 90)))
	}
	for _, h := range s.Hosts {
		if line := t.summaryHost(h); line != "" {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	if len(s.Next) > 0 {
		fmt.Fprintf(&b, "  next: %s\n", strings.Join(s.Next, ", or "))
	}
	return b.String()
}

// why is the reason of the phase; all of it where a person must act on it.
func (t Theme) why(s Summary) string {
	if s.Phase == rollout.NeedsPerson || s.Phase == rollout.Waiting {
		return s.Why
	}
	return Clause(s.Why, 120)
}

func (t Theme) summaryMark(s StageSummary) string {
	switch {
	case s.Verdict == rollout.Pass:
		return t.Good.Render(t.Done)
	case s.Verdict == rollout.Fail:
		return t.Bad.Render(t.Failed)
	case s.Unjudged:
		return t.Warn.Render(t.Done)
	case s.Verdict != "":
		return t.Warn.Render(t.Waiting)
	case s.Seconds > 0:
		return t.Active.Render(t.Current)
	}
	return t.Faint.Render(t.Later)
}

func (t Theme) summaryStage(s StageSummary) string {
	text := fmt.Sprintf("%d of %s", s.Updated, Count(s.Hosts, "host"))
	if s.Back > 0 {
		text += fmt.Sprintf(", %d put back", s.Back)
	}
	if s.Verdict != "" {
		text += ", " + string(s.Verdict)
	}
	if s.Unjudged {
		text += ", no verdict"
	}
	if s.Longer > 0 {
		text += ", watched " + Count(s.Longer+1, "time")
	}
	if s.Seconds > 0 {
		text += ", " + Short(time.Duration(s.Seconds*float64(time.Second)))
	}
	if s.By != "" || s.Unjudged {
		text += ", " + promoted(s.By)
	}
	return text
}

// summaryHost prints a host only when something is to be said of it.
func (t Theme) summaryHost(h HostSummary) string {
	switch {
	case h.Failure != "" && h.Restored:
		return fmt.Sprintf("%s %s  %s: %s; back on %s", t.Warn.Render(t.Back), h.Name, h.Outcome, h.Failure, Version(h.Now))
	case h.Failure != "":
		return fmt.Sprintf("%s %s  %s: %s; runs %s", t.Bad.Render(t.Failed), h.Name, h.Outcome, h.Failure, Version(h.Now))
	case h.Owed:
		return fmt.Sprintf("%s %s  owed the change; runs %s", t.Warn.Render(t.Waiting), h.Name, Version(h.Now))
	}
	return ""
}

func took(s Summary) string {
	d := time.Duration(s.Seconds * float64(time.Second))
	if s.Started.IsZero() {
		return "not started"
	}
	if s.Ended.IsZero() {
		return "running for " + Short(d)
	}
	return "took " + Short(d)
}

func phaseTone(p rollout.Phase) Tone {
	switch p {
	case rollout.Completed:
		return Good
	case rollout.NeedsPerson:
		return Bad
	case rollout.Running, rollout.Planned:
		return Neutral
	}
	return Warn
}

// Hosts prints the hosts of a rollout as a table.
func (t Theme) Hosts(s Summary) string {
	rows := make([][]string, 0, len(s.Hosts))
	for _, h := range s.Hosts {
		state := ""
		switch {
		case h.Failure != "":
			state = string(h.Outcome)
		case h.Restored:
			state = "restored"
		case h.Owed:
			state = "owed the change"
		}
		rows = append(rows, []string{"  " + h.Name, h.Zone, h.Stage, Version(h.Before), Version(h.Now), string(h.Exposure), state})
	}
	return t.Table([]string{"  host", "zone", "stage", "before", "now", "traffic", "state"}, rows)
}
