package view_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// rehearsal plays a rollout without hosts: every command is answered in order, two
// seconds after the last event, as the script says and otherwise with success.
type rehearsal struct {
	t     *testing.T
	state rollout.State
	now   time.Time
	todo  []rollout.Event
	lines []view.Line
	found *view.Finding
	fails map[string]rollout.Event // by kind and host: "update web3"
}

func rehearse(t *testing.T, p *rollout.Plan, fails map[string]rollout.Event) *rehearsal {
	t.Helper()
	r := &rehearsal{t: t, state: rollout.New(p), now: time.Date(2026, 3, 9, 14, 0, 0, 0, time.UTC), fails: fails}
	r.ask(rollout.Start, "")
	return r
}

// ask plays a request of a person.
func (r *rehearsal) ask(kind rollout.EventKind, by string) {
	r.play(rollout.Event{Kind: kind, By: by})
}

func (r *rehearsal) play(e rollout.Event) {
	r.t.Helper()
	r.now = r.now.Add(2 * time.Second)
	e.At = r.now
	before := r.state.Head
	after, commands, err := rollout.Apply(r.state, e)
	if err != nil {
		r.t.Fatal(err)
	}
	r.state = after
	r.lines = append(r.lines, view.Tell(view.Moment{Before: before, Event: e, After: after})...)
	for _, c := range commands {
		r.answer(c)
	}
}

// answer writes the results of a command down; step plays them.
func (r *rehearsal) answer(c rollout.Command) {
	if c.Kind == rollout.BakeStage {
		e := rollout.Event{Kind: rollout.StageDone, Verdict: rollout.Pass}
		if f, ok := r.fails["bake "+r.state.Plan.Stages[c.Stage].Name]; ok {
			e.Verdict, e.Reason = f.Verdict, f.Reason
		}
		e.Command = c.ID
		r.todo = append(r.todo, e)
		return
	}
	for _, h := range c.Hosts {
		e := rollout.Event{Kind: rollout.HostDone, Outcome: rollout.OK, Equal: true, Balancer: "{}", Begun: c.Kind == rollout.Update}
		switch c.Kind {
		case rollout.Update:
			e.Version = r.state.Plan.Release.Version
		case rollout.Restore:
			e.Version = "1.1.0"
		}
		if f, ok := r.fails[string(c.Kind)+" "+h]; ok {
			e.Outcome, e.Reason, e.Begun, e.Version, e.Equal = f.Outcome, f.Reason, f.Begun, f.Version, f.Equal
		}
		e.Command, e.Host = c.ID, h
		r.todo = append(r.todo, e)
	}
}

// find has the judge look at the bake that is going on, at some time into it.
func (r *rehearsal) find(at time.Duration, reason string, m judge.MetricFinding) {
	r.now = r.now.Add(at)
	c := r.state.Pending[0]
	m.Name = "errors"
	r.found = &view.Finding{Command: c.ID, Stage: r.state.Plan.Stages[c.Stage].Name, Time: r.now, Judged: view.JudgedOf(judge.Finding{
		Verdict: m.Verdict, Reason: "errors: " + reason, At: at, Against: m.Against, Metrics: []judge.MetricFinding{m},
	})}
}

// rate is events of as many requests.
func rate(events, requests float64) judge.Rate {
	return judge.Rate{Events: events, Exposure: requests, Value: events / requests}
}

// step plays the next result; false when nothing is at work.
func (r *rehearsal) step() bool {
	for len(r.todo) > 0 {
		e := r.todo[0]
		r.todo = r.todo[1:]
		for _, p := range r.state.Pending {
			if p.ID == e.Command {
				r.play(e)
				return true
			}
		}
	}
	return false
}

// until plays until a condition holds.
func (r *rehearsal) until(holds func(rollout.State) bool) {
	r.t.Helper()
	for !holds(r.state) {
		if !r.step() {
			r.t.Fatalf("the rollout rests in %s before that", r.state.Phase)
		}
	}
}

func phase(p rollout.Phase) func(rollout.State) bool {
	return func(s rollout.State) bool { return s.Phase == p }
}

func doing(kind rollout.CommandKind, stage int) func(rollout.State) bool {
	return func(s rollout.State) bool {
		return len(s.Pending) > 0 && s.Pending[0].Kind == kind && s.Pending[0].Stage == stage
	}
}

func (r *rehearsal) screen(width, height int) view.Screen {
	return view.Screen{
		State: r.state, Lines: r.lines, Now: r.now.Add(time.Second), Owner: true, Finding: r.found,
		Theme: view.Plain(view.Unicode()), Width: width, Height: height,
	}
}

// checkout is a plan of n hosts: one internal, a tenth canary, the rest in waves.
func checkout(n int) *rollout.Plan {
	p := &rollout.Plan{
		ID: "01JNY2Q0V8W4T6Z1R5D7Q2M4K9", Service: "checkout", Type: "listener", Environment: "production", By: "alice@ops1",
		Release: rollout.Release{Version: "1.2.0"}, Budget: 1, MaxOut: max(1, n/4), OnFail: rollout.ChooseRestore, OnUnclear: rollout.ChooseAsk,
		Traffic: &rollout.Traffic{HAProxy: &rollout.HAProxy{}},
	}
	var names []string
	for i := 1; i <= n; i++ {
		name := fmt.Sprintf("web%02d", i)
		names = append(names, name)
		p.Hosts = append(p.Hosts, rollout.Host{Name: name, Zone: string(rune('a' + i%3)), Arch: "amd64", From: "1.1.0"})
	}
	canary := 1 + max(1, n/10)
	rest, waves := names[canary:], [][]string{}
	for len(rest) > 0 {
		k := min(len(rest), max(1, n/4))
		waves, rest = append(waves, rest[:k]), rest[k:]
	}
	p.Stages = []rollout.Stage{
		{Name: "internal", Kind: rollout.StageInternal, Waves: [][]string{names[:1]}, Checks: []rollout.Check{{Name: "cart", HTTP: "http://:8080/cart"}}},
		{Name: "canary", Kind: rollout.StageCanary, Waves: [][]string{names[1:canary]}, Bake: rollout.Bake{Least: time.Minute, Most: 15 * time.Minute}},
		{Name: "complete", Kind: rollout.StageComplete, Waves: waves, Approval: true},
	}
	return p
}
