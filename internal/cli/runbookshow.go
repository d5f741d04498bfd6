package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/runbook"
	"github.com/slipway-deploy/slipway/internal/runbook/page"
)

type bookShowOptions struct {
	bookOptions
	part    string
	rollout string
	set     []string
}

func newRunbookShow(env Env) *cobra.Command {
	var opts bookShowOptions
	c := &cobra.Command{
		Use:   "show [PART]",
		Short: "Show the runbook, or a part of it",
		Long: `Show prints the runbook or one part of it: prerequisites, deploy or rollback. In a
terminal it is laid out; in a pipe it is the Markdown itself. With --rollout the names of a
rollout are filled in: its hosts that are not back, its versions and its id.`,
		Example:           "  slipway runbook show rollback\n  slipway runbook show rollback --rollout 7Q2M4K",
		ValidArgsFunction: roleNames,
		Args:              exactly(0, 1, "slipway runbook show rollback"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.part = args[0]
			}
			return runRunbookShow(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	c.Flags().StringVar(&opts.rollout, "rollout", "", "fill in the names of this rollout")
	c.Flags().StringArrayVar(&opts.set, "set", nil, "fill in a name, as in version=1.4.0 or hosts=web1,web2; may be repeated")
	return c
}

func runRunbookShow(ctx context.Context, opts bookShowOptions, env Env) error {
	v, err := valuesOf(opts.set)
	if err != nil {
		return err
	}
	var part runbook.Role
	if opts.part != "" {
		if part, err = roleOf(opts.part); err != nil {
			return err
		}
	}
	if opts.rollout != "" {
		if v, err = valuesOfRollout(ctx, env, opts.rollout); err != nil {
			return err
		}
	}
	book, err := app.ReadRunbook(opts.request(env))
	if err != nil {
		return err
	}
	text := book.Text()
	if part != "" {
		text = book.Source(part)
	}
	if text == "" {
		return usagef("%s has no section for %s; slipway runbook lint says what it lacks", book.File, part)
	}
	return env.page(env.Out, runbook.Fill(text, v))
}

// valuesOfRollout are the names that a rollout puts into a runbook.
func valuesOfRollout(ctx context.Context, env Env, id string) (runbook.Values, error) {
	a, err := env.app(ctx)
	if err != nil {
		return runbook.Values{}, err
	}
	defer a.Close()
	rec, err := target{id: id}.byID(ctx, a)
	if err != nil {
		return runbook.Values{}, err
	}
	return valuesIn(rec.State, env), nil
}

// valuesIn are the names in the state of a rollout: of hosts those that are not back as
// they were, or else all of them.
func valuesIn(st rollout.State, env Env) runbook.Values {
	sum := view.Summarize(st, env.Now())
	v := runbook.Values{Version: sum.To, Previous: sum.From, Rollout: sum.ID, Environment: sum.Environment}
	var all []string
	for _, h := range sum.Hosts {
		all = append(all, h.Name)
		if h.Changed && !h.Restored || h.Failure != "" && !h.Restored {
			v.Hosts = append(v.Hosts, h.Name)
		}
	}
	if len(v.Hosts) == 0 {
		v.Hosts = all
	}
	return v
}

// page prints Markdown: laid out in a terminal, as it is elsewhere.
func (e Env) page(w io.Writer, markdown string) error {
	text := strings.TrimRight(markdown, "\n") + "\n"
	if isTerminal(w) && e.Getenv("TERM") != "dumb" {
		theme := e.theme(w)
		one := func(s interface{ Render(...string) string }) func(string) string {
			return func(text string) string { return s.Render(text) }
		}
		text = page.Render(markdown, page.Look{Width: min(e.width(w), 100), Heading: one(theme.Strong), Code: one(theme.Active), Faint: one(theme.Faint), Strong: one(theme.Strong), Dot: theme.Dot, Rule: theme.Rule})
	}
	_, err := io.WriteString(w, text)
	return err
}

// guide shows what the project's runbook says of the way back when the rollout needs a
// person. It changes nothing of how the command ends.
func (s *session) guide() {
	if s.state.Phase != rollout.NeedsPerson || s.quiet || s.apart || s.out == asJSON {
		return
	}
	if err := s.env.guide(s.env.Out, s.state); err != nil {
		fmt.Fprintf(s.env.Err, "the runbook cannot be shown: %v\n", err)
	}
}

// guide prints the section of the way back, with the names of a rollout filled in. A
// project without a runbook has nothing to show.
func (e Env) guide(w io.Writer, st rollout.State) error {
	if st.Plan == nil {
		return nil
	}
	book, err := app.RunbookOf(st.Plan)
	if errors.Is(err, app.ErrNoRunbook) {
		return nil
	}
	if err != nil {
		return err
	}
	text := book.Source(runbook.Rollback)
	if text == "" {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s says:\n\n", book.File); err != nil {
		return err
	}
	return e.page(w, runbook.Fill(text, valuesIn(st, e)))
}
