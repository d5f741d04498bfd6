package runbook

import (
	"context"
	"fmt"
	"strings"
)

// Unmet is a prerequisite whose command says that it does not hold.
type Unmet struct {
	Text   string
	At     Position
	Result Result
}

// GateError lists the prerequisites that do not hold.
type GateError struct {
	File  string
	Unmet []Unmet
}

// Error has a line for each.
func (e *GateError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of the prerequisites in %s do not hold:", len(e.Unmet), e.File)
	if len(e.Unmet) == 1 {
		b.Reset()
		fmt.Fprintf(&b, "a prerequisite in %s does not hold:", e.File)
	}
	for _, u := range e.Unmet {
		code, more, _ := strings.Cut(strings.TrimSpace(u.Result.Code), "\n")
		if more != "" {
			code += " …"
		}
		fmt.Fprintf(&b, "\n  %s:%s: %s: %q ended with exit code %d", e.File, u.At, named(Walked{Text: u.Text}), code, u.Result.Exit)
		if last := lastLine(u.Result.Output); last != "" {
			fmt.Fprintf(&b, ": %s", last)
		}
	}
	return b.String()
}

func lastLine(output string) string {
	output = strings.TrimSpace(output)
	return strings.TrimSpace(output[strings.LastIndexByte(output, '\n')+1:])
}

// Gate runs the commands of the prerequisites with the values filled in, all of them, and
// returns a GateError that names those that failed. Prerequisites that only a person can
// vouch for are not for it: Walk asks for them.
func Gate(ctx context.Context, doc *Document, v Values, run Runner) error {
	failed := &GateError{File: doc.File}
	all, err := Try(ctx, doc, v, run)
	for _, s := range all {
		if s.Outcome == Failed {
			failed.Unmet = append(failed.Unmet, Unmet{Text: s.Text, At: s.At, Result: s.Results[len(s.Results)-1]})
		}
	}
	if err == nil && len(failed.Unmet) > 0 {
		return failed
	}
	return err
}

// Try runs the commands of the prerequisites as Gate does, and returns all prerequisites with
// what came of them; those that only a person can vouch for have no outcome.
func Try(ctx context.Context, doc *Document, v Values, run Runner) ([]Walked, error) {
	all := Walk(doc, Prerequisites, v)
	for i := range all {
		if s := &all[i]; s.Auto {
			if err := s.try(ctx, run); err != nil {
				return nil, fmt.Errorf("check the prerequisite at %s:%s: %w", doc.File, s.At, err)
			}
		}
	}
	return all, nil
}

// try runs the code of a step until some of it fails.
func (s *Walked) try(ctx context.Context, run Runner) error {
	s.Outcome = Passed
	for _, c := range s.Code {
		r, err := run.Run(ctx, c)
		if err != nil {
			return err
		}
		s.Results = append(s.Results, r)
		if r.Exit != 0 {
			s.Outcome = Failed
			return nil
		}
	}
	return nil
}
