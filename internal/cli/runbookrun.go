package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

type bookRunOptions struct {
	bookOptions
	part    runbook.Role
	set     []string
	rollout string
	resume  string
	yes     bool
	done    []int
	skip    []string
	out     output
}

func newRunbookRun(env Env) *cobra.Command {
	opts := bookRunOptions{part: runbook.Deploy}
	c := &cobra.Command{
		Use:   "run [PART]",
		Short: "Walk through the runbook, step by step",
		Long: `Run walks through a part of the runbook: prerequisites, deploy or rollback; a walk of the
deploy begins with the prerequisites. A prerequisite that has a command is run, with your
shell and in the project's directory, and ends well or stops the walk. Every other step is
shown, and you say what became of it.

Each walk is recorded as it goes: slipway runbook runs shows it, and --resume takes one up
again that was interrupted or stopped. Where nobody can be asked, --yes runs what needs
nobody; a step that needs a person is refused unless --done or --skip speaks for it.`,
		Example: "  slipway runbook run --set version=1.4.0\n  slipway runbook run rollback --rollout 7Q2M4K\n" +
			"  slipway runbook run prerequisites --yes --done 3 --skip '4=no migration in this release'",
		ValidArgsFunction: roleNames,
		Args:              exactly(0, 1, "slipway runbook run prerequisites"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				part, err := roleOf(args[0])
				if err != nil {
					return err
				}
				opts.part = part
			}
			return runRunbookRun(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	opts.out.bind(c)
	f := c.Flags()
	f.StringArrayVar(&opts.set, "set", nil, "fill in a name, as in version=1.4.0 or hosts=web1,web2; may be repeated")
	f.StringVar(&opts.rollout, "rollout", "", "fill in the names of this rollout")
	f.StringVar(&opts.resume, "resume", "", "take up this walk again")
	f.BoolVarP(&opts.yes, "yes", "y", false, "ask nobody; needed where nobody can be asked")
	f.IntSliceVar(&opts.done, "done", nil, "with --yes: these steps, by number, are done")
	f.StringArrayVar(&opts.skip, "skip", nil, "with --yes: leave out a step, as in 4=REASON; may be repeated")
	return c
}

func runRunbookRun(ctx context.Context, opts bookRunOptions, env Env) error {
	person, err := opts.person(env)
	if err != nil {
		return err
	}
	v, err := valuesOf(opts.set)
	if err != nil {
		return err
	}
	if opts.rollout != "" {
		if v, err = valuesOfRollout(ctx, env, opts.rollout); err != nil {
			return err
		}
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	request := app.WalkRequest{RunbookRequest: opts.request(env), Part: opts.part, Values: v,
		Shell: env.Getenv("SHELL"), Env: env.Environ, Person: person}
	var rec runbook.Record
	if opts.resume != "" {
		rec, err = a.ResumeWalk(ctx, opts.resume, request)
	} else {
		rec, err = a.WalkRunbook(ctx, request)
	}
	return opts.end(ctx, env, rec, err)
}

// end tells how a walk stands when the command leaves.
func (o bookRunOptions) end(ctx context.Context, env Env, rec runbook.Record, err error) error {
	if len(rec.Steps) == 0 || rec.Phase == "" {
		return err
	}
	if o.out == asJSON {
		if printed := o.out.print(env.Out, rec, nil); printed != nil {
			return errors.Join(err, printed)
		}
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(env.Err, "\nthe walk is left as it is; to go on: slipway runbook run --resume %s\n", view.ShortID(rec.ID))
		return errInterrupted
	case err == nil && o.out == asText:
		_, err = fmt.Fprintf(env.Out, "walk %s: %s, %s\n", view.ShortID(rec.ID), rec.Phase, countSteps(rec))
	}
	return err
}

// countSteps says what became of the steps of a walk.
func countSteps(rec runbook.Record) string {
	count := map[runbook.Outcome]int{}
	for _, s := range rec.Steps {
		count[s.Outcome]++
	}
	var parts []string
	for _, o := range []runbook.Outcome{runbook.Passed, runbook.Done, runbook.Skipped, runbook.Failed} {
		if count[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[o], o))
		}
	}
	if count[""] > 0 {
		parts = append(parts, fmt.Sprintf("%d open", count[""]))
	}
	return view.Count(len(rec.Steps), "step") + ": " + strings.Join(parts, ", ")
}

// person is who answers: the one at the terminal, or what the flags say.
func (o bookRunOptions) person(env Env) (runbook.Person, error) {
	show := bookPrinter{env: env, quiet: o.out == asJSON}
	if !o.yes {
		if len(o.done)+len(o.skip) > 0 {
			return nil, usagef("--done and --skip are for --yes: without it you are asked")
		}
		if !env.terminal() || o.out == asJSON {
			return nil, usagef("nobody can be asked here: look at slipway runbook show first, then give --yes")
		}
		return newAsked(show), nil
	}
	g := given{bookPrinter: show, done: map[int]bool{}, skip: map[int]string{}}
	for _, n := range o.done {
		g.done[n] = true
	}
	for _, s := range o.skip {
		number, reason, ok := strings.Cut(s, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || strings.TrimSpace(reason) == "" {
			return nil, usagef("--skip %q: it can be NUMBER=REASON, such as '4=no migration in this release'", s)
		}
		g.skip[n] = strings.TrimSpace(reason)
	}
	return g, nil
}
