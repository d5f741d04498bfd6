package cli

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/load"
)

// TestSilence: a pipe gets a finding only where nothing else was printed for a while,
// and the longer a bake is, the fewer.
func TestSilence(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 3, 9, 14, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		most, last  time.Duration
		least, many int
	}{
		"a minute":     {time.Minute, 0, 4, 4},
		"a day":        {24 * time.Hour, 0, 40, 80},
		"after a line": {30 * time.Second, 20 * time.Second, 0, 0},
	} {
		var out strings.Builder
		p := &lines{out: &out, theme: view.Plain(view.ASCII()), last: begun.Add(c.last)}
		for at := 5 * time.Second; at <= c.most; at += 5 * time.Second {
			if err := p.look(view.Finding{Stage: "canary", Time: begun.Add(at), Judged: view.Judged{T: at.Seconds(), Reason: "not decided"}}); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Count(out.String(), "canary so far: not decided\n"); got < c.least || got > c.many {
			t.Errorf("%s: %d lines, want %d to %d", name, got, c.least, c.many)
		}
	}
}

// TestFindingAsJSON: each look of a bake is a line of its own, with what judge prints of a record.
func TestFindingAsJSON(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 9, 14, 0, 0, 0, time.UTC)
	st := rollout.New(&rollout.Plan{Stages: []rollout.Stage{{Name: "internal"}, {Name: "canary"}}})
	found := judge.Finding{Verdict: judge.Inconclusive, Reason: "errors: not decided", At: 65 * time.Second, Against: math.Log(4), AlarmAt: math.Log(1000), PassAt: math.Log(20),
		Metrics: []judge.MetricFinding{{Name: "errors", Kind: judge.Counts, Verdict: judge.Inconclusive, Against: math.Log(4), For: math.Log(0.5),
			Canary: judge.Rate{Events: 2, Exposure: 100, Value: 0.02, Low: 0.01, High: 0.07}, More: 1200, MoreTime: 90 * time.Second}}}
	u := app.Update{State: st, Finding: &found}
	if f, ok := finding(u, now); ok {
		t.Errorf("a finding of no bake is shown: %+v", f)
	}
	u.State.Pending = []rollout.Pending{{Command: rollout.Command{ID: 7, Kind: rollout.BakeStage, Stage: 1}}}
	f, ok := finding(u, now)
	var out strings.Builder
	if err := (&objects{out: &out}).look(f); err != nil || !ok || f.Command != 7 {
		t.Fatalf("%v, %t: %+v", err, ok, f)
	}
	var line, record map[string]any
	text, err := json.Marshal(judgedOf(app.Judged{Replayed: judge.Replayed{Final: found}}))
	if err := errors.Join(err, json.Unmarshal(text, &record), json.Unmarshal([]byte(out.String()), &line)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"type": "finding", "stage": "canary", "time": "2026-03-09T14:00:00Z"} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
		delete(line, name)
	}
	delete(record, "looks")
	if len(line) != 5 || !reflect.DeepEqual(line, record) {
		t.Errorf("a line has %v\na record has %v", line, record)
	}
}

// TestStuckDemo: a demo whose good version goes nowhere ends there, and says why and
// what can be done.
func TestStuckDemo(t *testing.T) {
	t.Parallel()
	at := func(p rollout.Phase, why string) rollout.State {
		st := rollout.New(&rollout.Plan{ID: "01A", Service: "checkout", Release: rollout.Release{Version: "1.1.0"}})
		st.Phase, st.Why = p, why
		return st
	}
	for phase, code := range map[rollout.Phase]int{rollout.Waiting: exitRefused, rollout.Paused: exitRefused, rollout.Restored: exitRestored, rollout.NeedsPerson: exitPerson} {
		d := &demoRun{opts: demoOptions{rate: 3, keep: true}, env: Env{Now: time.Now}, stage: stage{directory: "/srv/demo", project: "/srv/demo/project"}}
		st := at(phase, "stage canary is inconclusive")
		d.report.Rollouts = []view.Summary{{}, view.Summarize(st, time.Now())}
		d.report.Requests = load.Report{}
		if !d.stuck(st) {
			t.Fatalf("%s: the demo goes on", phase)
		}
		if got := exitCode(d.report.asExpected()); got != code || d.report.OK {
			t.Errorf("%s: exit code %d, want %d; ok is %t", phase, got, code, d.report.OK)
		}
		text := d.report.text(view.Plain(view.ASCII()))
		for _, want := range []string{"the demo stops here: 1.1.0 is " + string(phase) + ": stage canary is inconclusive\n", "SLIPWAY_STATE=/srv/demo/slipway slipway status\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", phase, want, text)
			}
		}
		if hint := "--rate 200"; strings.Contains(text, hint) != (phase == rollout.Waiting) {
			t.Errorf("%s: %s\n%s", phase, hint, text)
		}
	}
	d := &demoRun{}
	if d.stuck(at(rollout.Completed, "")) {
		t.Error("a version that got everywhere ends the demo")
	}
}
