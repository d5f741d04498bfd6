package runbook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Runner runs code of a runbook.
type Runner interface {
	// Run runs one piece of code and waits for it. A code that fails is a Result with its
	// exit code; an error means that it could not be run, or that ctx ended meanwhile.
	Run(ctx context.Context, c Code) (Result, error)
}

// Result is what became of a piece of code.
type Result struct {
	Code    string  `json:"code"`
	Exit    int     `json:"exit"`
	Seconds float64 `json:"seconds"`
	Output  string  `json:"output,omitempty"` // both streams, as they came; the end of a long one
}

// Person is who says what became of a step that no command can show.
type Person interface {
	// Ask shows a step and waits for what became of it. RunIt has its code run, and the
	// question is asked again with what came of it. An error ends the walk where it is.
	Ask(ctx context.Context, r Record, step int) (Answer, error)
	// Begin and End tell of a step whose code is run without a question.
	Begin(r Record, step int)
	End(r Record, step int)
}

// Answer is what a person said of a step.
type Answer struct {
	Outcome Outcome
	Reason  string // needed where a step is skipped
}

// Outcome is what became of a step.
type Outcome string

// The outcomes. A step without one is open.
const (
	Passed  Outcome = "passed"  // its code ended well
	Done    Outcome = "done"    // a person said so
	Skipped Outcome = "skipped" // a person said why
	Failed  Outcome = "failed"
	RunIt   Outcome = "run" // an answer only: run the code of the step
)

// Phase is how a walk stands.
type Phase string

// The phases.
const (
	Walking Phase = "walking" // at work, or cut off without a word
	Left    Phase = "left"    // interrupted; it can be taken up again
	Refused Phase = "failed"  // a step failed; it can be taken up again there
	Ended   Phase = "passed"
)

// Record is one walk through a runbook.
type Record struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Project string    `json:"project"` // directory in which the code is run
	File    string    `json:"file"`    // of the runbook
	Digest  string    `json:"digest"`  // of its text
	Part    Role      `json:"part"`
	By      string    `json:"by"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
	Phase   Phase     `json:"phase"`
	Values  Values    `json:"values"`
	Steps   []Walked  `json:"steps"`
}

// Walked is one step of a walk.
type Walked struct {
	Part    Role      `json:"part"`
	Text    string    `json:"text"`
	At      Position  `json:"at"`
	Code    []Code    `json:"code,omitempty"`
	Auto    bool      `json:"auto"` // its code decides, nobody is asked
	Outcome Outcome   `json:"outcome,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	By      string    `json:"by,omitempty"` // who decided, unless its code did
	Began   time.Time `json:"began,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Results []Result  `json:"results,omitempty"`
}

// Walk lists the steps of a part of a runbook with the values filled in. A walk of the
// deploy begins with the prerequisites.
func Walk(doc *Document, part Role, v Values) []Walked {
	roles := []Role{part}
	if part == Deploy {
		roles = []Role{Prerequisites, Deploy}
	}
	var steps []Walked
	for _, r := range roles {
		for _, s := range doc.Steps(r) {
			steps = append(steps, walked(r, s, v))
		}
	}
	return steps
}

func walked(r Role, s Step, v Values) Walked {
	w := Walked{Part: r, Text: v.spans(s.Text), At: s.At}
	auto := r == Prerequisites
	for _, c := range s.Code {
		if !c.Told && c.Inline {
			continue // only spoken of
		}
		c.Text = FillCode(c.Text, v)
		c.Commands = nil
		w.Code = append(w.Code, c)
		auto = auto && c.Told && Runnable(c.Text)
	}
	w.Auto = auto && len(w.Code) > 0
	return w
}

// Runnable reports whether nothing in code is left for a person to fill in.
func Runnable(code string) bool {
	if len(open(code)) > 0 || strings.TrimSpace(code) == "" || strings.Contains(code, "...") || strings.Contains(code, "…") {
		return false
	}
	for _, c := range commands(code, func(int) Position { return Position{} }) {
		for i, w := range c.Words {
			if blank.MatchString(w.Text) || i > 0 && shouted(w.Text) && strings.Contains("HOST HOSTNAME VERSION SERVER NODE NAME USER ENV ENVIRONMENT", w.Text) {
				return false
			}
		}
	}
	return true
}

// Walker goes through a walk.
type Walker struct {
	Record Record
	Runner Runner
	Person Person
	Now    func() time.Time
	// Save keeps the record; it is called whenever the record has changed.
	Save func(Record) error
}

// StepError says which step stopped a walk.
type StepError struct {
	File string
	Step Walked
}

// Error names the step and what came of it.
func (e *StepError) Error() string {
	text := fmt.Sprintf("%s:%s: %s: it %s", e.File, e.Step.At, named(e.Step), e.Step.Outcome)
	if e.Step.Reason != "" {
		text += ": " + e.Step.Reason
	}
	return text
}

// named is how messages call a step.
func named(s Walked) string { return s.Name() }

// Name is the step in a line: its text, or the first line of its code.
func (s Walked) Name() string {
	text := strings.TrimSuffix(s.Text, ":")
	if text == "" && len(s.Code) > 0 {
		text, _, _ = strings.Cut(s.Code[0].Text, "\n")
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:79]) + "…"
	}
	return text
}

// Run takes the steps that are open, one after the other, and stops at the first that
// fails: a StepError. When ctx ends the walk is left where it is.
func (w *Walker) Run(ctx context.Context) error {
	w.Record.Phase, w.Record.Ended = Walking, time.Time{}
	for i := range w.Record.Steps {
		s := &w.Record.Steps[i]
		if s.Outcome != "" && s.Outcome != Failed {
			continue
		}
		if err := w.step(ctx, i); err != nil {
			w.Record.Phase = Left
			*s = Walked{Part: s.Part, Text: s.Text, At: s.At, Code: s.Code, Auto: s.Auto, Results: s.Results}
			return errors.Join(err, w.Save(w.Record))
		}
		if s.Outcome == Failed {
			w.Record.Phase, w.Record.Ended = Refused, w.Now()
			return errors.Join(&StepError{File: w.Record.File, Step: *s}, w.Save(w.Record))
		}
	}
	w.Record.Phase, w.Record.Ended = Ended, w.Now()
	return w.Save(w.Record)
}

// step takes one step to its outcome.
func (w *Walker) step(ctx context.Context, i int) error {
	s := &w.Record.Steps[i]
	s.Outcome, s.Reason, s.By, s.Results, s.Began = "", "", "", nil, w.Now()
	if err := w.Save(w.Record); err != nil {
		return err
	}
	var err error
	if s.Auto {
		err = w.auto(ctx, i)
	} else {
		err = w.ask(ctx, i)
	}
	if err != nil {
		return err
	}
	s.Ended = w.Now()
	return w.Save(w.Record)
}

func (w *Walker) auto(ctx context.Context, i int) error {
	s := &w.Record.Steps[i]
	w.Person.Begin(w.Record, i)
	s.Outcome = Passed
	if err := w.code(ctx, s); err != nil {
		return err
	}
	w.Person.End(w.Record, i)
	return nil
}

// code runs the code of a step, up to the first that fails.
func (w *Walker) code(ctx context.Context, s *Walked) error {
	for _, c := range s.Code {
		r, err := w.Runner.Run(ctx, c)
		if err != nil {
			return err
		}
		s.Results = append(s.Results, r)
		if r.Exit != 0 {
			s.Outcome, s.Reason = Failed, fmt.Sprintf("exit code %d", r.Exit)
			return nil
		}
	}
	return nil
}

func (w *Walker) ask(ctx context.Context, i int) error {
	s := &w.Record.Steps[i]
	for {
		answer, err := w.Person.Ask(ctx, w.Record, i)
		if err != nil {
			return err
		}
		if answer.Outcome != RunIt {
			s.Outcome, s.Reason, s.By = answer.Outcome, answer.Reason, w.Record.By
			return nil
		}
		if err := w.code(ctx, s); err != nil {
			return err
		}
		s.Outcome, s.Reason = "", "" // what it comes to is for the person to say
	}
}
