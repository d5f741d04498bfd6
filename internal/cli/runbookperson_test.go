package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

// typed answers the questions about a step with lines as they would be typed.
func typed(t *testing.T, text string, step runbook.Walked) (runbook.Answer, string, error) {
	t.Helper()
	var out bytes.Buffer
	env := Env{In: strings.NewReader(text), Out: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	a, err := newAsked(bookPrinter{env: env}).Ask(t.Context(), runbook.Record{Steps: []runbook.Walked{step}}, 0)
	return a, out.String(), err
}

// TestAsked: a person says what became of a step; what makes no sense is asked again.
func TestAsked(t *testing.T) {
	t.Parallel()
	step := runbook.Walked{Part: runbook.Deploy, Text: "Drain it:", At: runbook.Position{Line: 3, Column: 1}, Code: []runbook.Code{{Text: "drain web1"}}}
	blank := step
	blank.Code = []runbook.Code{{Text: "drain <host>"}}
	for name, c := range map[string]struct {
		text string
		step runbook.Walked
		want runbook.Answer
		says string
	}{
		"done":                     {"d\n", step, runbook.Answer{Outcome: runbook.Done}, "1/1 deploy 3:1  Drain it\n    drain web1\n"},
		"yes":                      {"maybe\n\nyes\n", step, runbook.Answer{Outcome: runbook.Done}, "[r]un it here"},
		"run":                      {"r\n", step, runbook.Answer{Outcome: runbook.RunIt}, ""},
		"nothing that can be run":  {"r\nd\n", blank, runbook.Answer{Outcome: runbook.Done}, "[d]one, [s]kip"},
		"skipped, with a reason":   {"s\n\nno need\n", step, runbook.Answer{Outcome: runbook.Skipped, Reason: "no need"}, "why? "},
		"failed, without a reason": {"f\n\n", step, runbook.Answer{Outcome: runbook.Failed}, ""},
	} {
		got, out, err := typed(t, c.text, c.step)
		if err != nil || got != c.want || !strings.Contains(out, c.says) {
			t.Errorf("%s: %+v, %v, %s", name, got, err, out)
		}
	}
	if _, _, err := typed(t, "maybe\n", step); exitCode(err) != exitInterrupted {
		t.Errorf("nothing more is typed: %v", err)
	}
}

// TestAskedInterrupted: an interrupt ends the question.
func TestAskedInterrupted(t *testing.T) {
	t.Parallel()
	in, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancel(t.Context())
	env := Env{In: in, Out: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now}
	a := newAsked(bookPrinter{env: env})
	cancel()
	if _, err := a.Ask(ctx, runbook.Record{Steps: []runbook.Walked{{Text: "x"}}}, 0); exitCode(err) != exitInterrupted {
		t.Error(err)
	}
}

// TestGuide: where a rollout needs a person, the way back is shown with the rollout's own names.
func TestGuide(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st := rollout.New(&rollout.Plan{ID: "01JAB", Service: "checkout", Environment: "production", Project: dir, Release: rollout.Release{Version: "1.4.0"}})
	st.Phase = rollout.NeedsPerson
	var out bytes.Buffer
	s := session{env: Env{Out: &out, Err: &out, Getenv: func(string) string { return "" }, Now: time.Now}, out: asText, state: st}
	s.guide()
	if out.String() != "" {
		t.Errorf("a project without a runbook: %s", out.String())
	}
	text := "# x\n\n## Deploy\n\nno\n\n## Rollback\n\nof {{version}} on {{environment}}: `slipway show {{rollout}}`\n"
	if err := os.WriteFile(filepath.Join(dir, runbook.Name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.guide()
	want := "\n" + filepath.Join(dir, runbook.Name) + " says:\n\n## Rollback\n\nof 1.4.0 on production: `slipway show 01JAB`\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	s.state.Phase = rollout.Restored
	s.guide()
	if out.String() != "" {
		t.Errorf("nobody is needed: %s", out.String())
	}
}
