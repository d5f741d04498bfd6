package runbook_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

const walkable = `# checkout

## Prerequisites

1. Disk:

   ~~~sh
   df -h
   ~~~
2. Ask the customer.
3. ` + "`true {{version}}`" + `
4. Never run ` + "`rm -rf /srv`" + `.
5. If it is red, run ` + "`reboot now`" + `.

## Deploy

1. ` + "`slipway deploy {{version}}`" + `

## Rollback

Nothing to do.
`

// machine runs code in no shell: what contains a word fails, and it can be cut off.
type machine struct {
	fails string
	cut   string
	ran   []string
}

func (m *machine) Run(_ context.Context, c runbook.Code) (runbook.Result, error) {
	m.ran = append(m.ran, c.Text)
	if m.cut != "" && strings.Contains(c.Text, m.cut) {
		return runbook.Result{}, context.Canceled
	}
	r := runbook.Result{Code: c.Text, Output: "said\n"}
	if m.fails != "" && strings.Contains(c.Text, m.fails) {
		r.Exit = 7
	}
	return r, nil
}

// people answer in turn.
type people struct{ answers []runbook.Answer }

func (p *people) Begin(runbook.Record, int) {}
func (p *people) End(runbook.Record, int)   {}
func (p *people) Ask(context.Context, runbook.Record, int) (runbook.Answer, error) {
	if len(p.answers) == 0 {
		return runbook.Answer{}, errors.New("nobody is there")
	}
	a := p.answers[0]
	p.answers = p.answers[1:]
	return a, nil
}

func read(t *testing.T, text string) *runbook.Document {
	t.Helper()
	doc, err := runbook.Parse("RUNBOOK.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestWalk: prerequisites with a command are run, and nothing that is only spoken of is.
func TestWalk(t *testing.T) {
	t.Parallel()
	doc := read(t, walkable)
	m := &machine{}
	done := runbook.Answer{Outcome: runbook.Done}
	p := &people{answers: []runbook.Answer{done, done, {Outcome: runbook.Skipped, Reason: "green"}, {Outcome: runbook.RunIt}, done}}
	rec, err := walk(t, runbook.Record{By: "me", Steps: runbook.Walk(doc, runbook.Deploy, runbook.Values{Version: "1.4.0"})}, m, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.ran, "|"); got != "df -h|true 1.4.0|slipway deploy 1.4.0" {
		t.Errorf("it ran %s", got)
	}
	var out []string
	for _, s := range rec.Steps {
		out = append(out, string(s.Outcome)+" "+s.By)
	}
	if got := strings.Join(out, ","); got != "passed ,done me,passed ,done me,skipped me,done me" || rec.Phase != runbook.Ended {
		t.Error(got, rec.Phase)
	}
	if len(rec.Steps[5].Results) != 1 || rec.Steps[5].Results[0].Output != "said\n" {
		t.Errorf("%+v", rec.Steps[5].Results)
	}
}

// TestWalkResume: a walk that was stopped goes on where it was, from its record.
func TestWalkResume(t *testing.T) {
	t.Parallel()
	doc := read(t, walkable)
	done := runbook.Answer{Outcome: runbook.Done}
	for name, c := range map[string]struct {
		m      machine
		p      people
		phase  runbook.Phase
		closed int
	}{
		"a command fails": {machine{fails: "true"}, people{[]runbook.Answer{done}}, runbook.Refused, 2},
		"interrupted":     {machine{cut: "true"}, people{[]runbook.Answer{done}}, runbook.Left, 2},
		"nobody answers":  {machine{}, people{}, runbook.Left, 1},
		"a person says no": {machine{}, people{[]runbook.Answer{{Outcome: runbook.Failed, Reason: "no"}}},
			runbook.Refused, 1},
	} {
		rec, err := walk(t, runbook.Record{File: "RUNBOOK.md", Steps: runbook.Walk(doc, runbook.Prerequisites, runbook.Values{Version: "1"})}, &c.m, &c.p)
		var step *runbook.StepError
		if err == nil || rec.Phase != c.phase || errors.As(err, &step) != (c.phase == runbook.Refused) {
			t.Errorf("%s: %v, %s", name, err, rec.Phase)
		}
		m := &machine{}
		rec, err = walk(t, rec, m, &people{[]runbook.Answer{done, done, done, done}})
		if err != nil || rec.Phase != runbook.Ended {
			t.Errorf("%s, resumed: %v, %s", name, err, rec.Phase)
		}
		for _, code := range m.ran {
			if code == "df -h" {
				t.Errorf("%s: what was done is done again", name)
			}
		}
	}
}

// walk takes a record through its steps, and round-trips whatever is saved.
func walk(t *testing.T, rec runbook.Record, m runbook.Runner, p runbook.Person) (runbook.Record, error) {
	t.Helper()
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var saved []byte
	w := runbook.Walker{Record: rec, Runner: m, Person: p, Now: func() time.Time { clock = clock.Add(time.Second); return clock },
		Save: func(r runbook.Record) (err error) { saved, err = json.Marshal(r); return err }}
	err := w.Run(t.Context())
	var back runbook.Record
	if err := json.Unmarshal(saved, &back); err != nil {
		t.Fatal(err)
	}
	return back, err
}

// TestGate: every prerequisite with a command is run, and those that do not hold are named.
func TestGate(t *testing.T) {
	t.Parallel()
	doc := read(t, walkable)
	m := &machine{}
	if err := runbook.Gate(t.Context(), doc, runbook.Values{Version: "1.4.0"}, m); err != nil || len(m.ran) != 2 {
		t.Errorf("%v, %v", err, m.ran)
	}
	err := runbook.Gate(t.Context(), doc, runbook.Values{Version: "1.4.0"}, &machine{fails: "df"})
	const want = "a prerequisite in RUNBOOK.md does not hold:\n  RUNBOOK.md:5:1: Disk: \"df -h\" ended with exit code 7: said"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if err := runbook.Gate(t.Context(), doc, runbook.Values{}, &machine{cut: "df"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
