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
	for _, s := range Walk(doc, Prerequisites, v) {
		if !s.Auto {
			continue
		}
		for _, c := range s.Code {
			r, err := run.Run(ctx, c)
			if err != nil {
				return fmt.Errorf("check the prerequisite at %s:%s: %w", doc.File, s.At, err)
			}
			if r.Exit != 0 {
				failed.Unmet = append(failed.Unmet, Unmet{Text: s.Text, At: s.At, Result: r})
				break
			}
		}
	}
	if len(failed.Unmet) > 0 {
		return failed
	}
	return nil
}
