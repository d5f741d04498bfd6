package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

// shownOutput is how many lines of a command's output are shown where it failed.
const shownOutput = 20

// bookPrinter shows the steps of a walk.
type bookPrinter struct {
	env   Env
	quiet bool
}

func (p bookPrinter) say(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.env.Out, format, args...)
	}
}

// Begin implements runbook.Person: a terminal sees what is at work.
func (p bookPrinter) Begin(r runbook.Record, step int) {
	if p.env.terminal() {
		p.say("%s %s\n", p.env.theme(p.env.Out).Current, stepLine(r, step))
	}
}

// End implements runbook.Person.
func (p bookPrinter) End(r runbook.Record, step int) {
	theme := p.env.theme(p.env.Out)
	s := r.Steps[step]
	mark := theme.Good.Render(theme.Done)
	if s.Outcome == runbook.Failed {
		mark = theme.Bad.Render(theme.Failed)
	}
	seconds := 0.0
	for _, result := range s.Results {
		seconds += result.Seconds
	}
	p.say("%s %s: %s after %.1f s\n", mark, stepLine(r, step), s.Outcome, seconds)
	if s.Outcome == runbook.Failed {
		p.output(s.Results)
	}
}

// output shows code that was run and the end of what it printed.
func (p bookPrinter) output(results []runbook.Result) {
	for _, result := range results {
		p.code(result.Code)
		if result.Exit != 0 {
			p.say("      exit code %d\n", result.Exit)
		}
		if strings.TrimSpace(result.Output) == "" {
			continue
		}
		lines := strings.Split(strings.TrimRight(plain(result.Output), "\n"), "\n")
		if n := len(lines) - shownOutput; n > 0 {
			p.say("      … %s before\n", view.Count(n, "line"))
			lines = lines[n:]
		}
		for _, l := range lines {
			p.say("      %s\n", l)
		}
	}
}

func (p bookPrinter) code(code string) {
	theme := p.env.theme(p.env.Out)
	for l := range strings.SplitSeq(strings.TrimRight(plain(code), "\n"), "\n") {
		p.say("    %s\n", theme.Active.Render(l))
	}
}

// stepLine is a step in one line.
func stepLine(r runbook.Record, step int) string {
	s := r.Steps[step]
	return fmt.Sprintf("%d/%d %s %s  %s", step+1, len(r.Steps), s.Part, s.At, view.Clause(plain(strings.TrimSuffix(s.Text, ":")), 100))
}

// plain is text that cannot steer a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, ansi.Strip(s))
}

// given answers with what the flags say.
type given struct {
	bookPrinter
	done map[int]bool
	skip map[int]string
}

var _ runbook.Person = given{}

// Ask implements runbook.Person.
func (g given) Ask(_ context.Context, r runbook.Record, step int) (runbook.Answer, error) {
	theme := g.env.theme(g.env.Out)
	n := step + 1
	if reason, ok := g.skip[n]; ok {
		g.say("%s %s: skipped: %s\n", theme.Warn.Render(theme.Later), stepLine(r, step), reason)
		return runbook.Answer{Outcome: runbook.Skipped, Reason: reason}, nil
	}
	if g.done[n] {
		g.say("%s %s: done\n", theme.Good.Render(theme.Done), stepLine(r, step))
		return runbook.Answer{Outcome: runbook.Done, Reason: "given with --done"}, nil
	}
	return runbook.Answer{}, &app.Error{Kind: app.Refused, Err: fmt.Errorf("%s:%s: step %d needs a person: %s", r.File, r.Steps[step].At, n, view.Clause(plain(r.Steps[step].Text), 100)),
		Hint: fmt.Sprintf("when it is done: slipway runbook run --resume %s --yes --done %d; or leave it out with --skip '%d=REASON'", view.ShortID(r.ID), n, n)}
}

// asked asks the one at the terminal.
type asked struct {
	bookPrinter
	lines chan string // what is typed; closed at its end
	next  chan struct{}
}

var _ runbook.Person = (*asked)(nil)

func newAsked(p bookPrinter) *asked {
	a := &asked{bookPrinter: p, lines: make(chan string), next: make(chan struct{})}
	// Reading a terminal cannot be cut off: this goroutine stays until the process ends.
	go func() {
		defer close(a.lines)
		in := bufio.NewScanner(p.env.In)
		for range a.next {
			if !in.Scan() {
				return
			}
			a.lines <- in.Text()
		}
	}()
	return a
}

// line shows a question and reads one line. ok is false at the end of what is typed.
func (a *asked) line(ctx context.Context, question string) (text string, ok bool, err error) {
	a.say("%s", question)
	select {
	case a.next <- struct{}{}:
	case <-a.lines:
		return "", false, nil
	}
	select {
	case <-ctx.Done():
		return "", false, ctx.Err()
	case text, ok = <-a.lines:
		return strings.TrimSpace(text), ok, nil
	}
}

// Ask implements runbook.Person.
func (a *asked) Ask(ctx context.Context, r runbook.Record, step int) (runbook.Answer, error) {
	s := r.Steps[step]
	a.say("\n%s\n", stepLine(r, step))
	question, runs := "  [d]one, [s]kip, [f]ailed? ", len(s.Code) > 0
	for _, c := range s.Code {
		a.code(c.Text)
		runs = runs && runbook.Runnable(c.Text)
	}
	if runs {
		question = "  [d]one, [r]un it here, [s]kip, [f]ailed? "
	}
	if len(s.Results) > 0 {
		a.say("  it was run:\n")
		a.output(s.Results)
	}
	for {
		text, ok, err := a.line(ctx, question)
		switch {
		case err != nil:
			return runbook.Answer{}, err
		case !ok:
			return runbook.Answer{}, errInterrupted
		}
		switch strings.ToLower(text) {
		case "d", "done", "y", "yes":
			return runbook.Answer{Outcome: runbook.Done}, nil
		case "r", "run":
			if runs {
				return runbook.Answer{Outcome: runbook.RunIt}, nil
			}
		case "s", "skip":
			return a.reason(ctx, runbook.Skipped)
		case "f", "failed", "n", "no":
			return a.reason(ctx, runbook.Failed)
		}
	}
}

// reason asks why; a step is not skipped without one.
func (a *asked) reason(ctx context.Context, o runbook.Outcome) (runbook.Answer, error) {
	for {
		text, ok, err := a.line(ctx, "  why? ")
		if err != nil {
			return runbook.Answer{}, err
		}
		if !ok {
			return runbook.Answer{}, errInterrupted
		}
		if text != "" || o == runbook.Failed {
			return runbook.Answer{Outcome: o, Reason: text}, nil
		}
	}
}
