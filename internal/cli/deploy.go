package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type deployOptions struct {
	planOptions
	yes       bool
	noWait    bool
	noWayBack bool
}

func newDeploy(env Env) *cobra.Command {
	var opts deployOptions
	c := &cobra.Command{
		Use:   "deploy VERSION",
		Short: "Bring a release to an environment, in stages",
		Long: `Deploy plans as slipway plan does, prints the plan, asks, and then takes the
release through the stages of the environment. It shows what happens: in a terminal
a live view with keys, in a pipe one line for each thing worth telling, with
--output json one object a line and a summary at the end.

With plan.json, which slipway plan --format json writes, exactly that plan is run, or
refused with what has changed since it was made.

Ctrl-C once pauses cleanly: hosts at work finish first. Nothing is lost whenever the
program ends, also by kill -9: slipway resume goes on.`,
		Example: "  slipway deploy 1.4.0 --env production\n  slipway deploy 1.4.0 --env production --yes --output json\n  slipway deploy plan.json",
		Args:    exactly(1, 1, "slipway deploy 1.4.0"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.version = args[0]
			return runDeploy(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	c.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask; needed where nobody can be asked")
	c.Flags().BoolVar(&opts.noWayBack, "accept-no-way-back", false, "say yes to a release after which the old version may fail when it is put back")
	c.Flags().BoolVar(&opts.noWait, "no-wait", false, "leave when the rollout waits for a person, instead of waiting with it")
	return c
}

func runDeploy(ctx context.Context, opts deployOptions, env Env) error {
	if !opts.yes && (!env.terminal() || opts.out == asJSON) {
		look := "slipway plan " + opts.version
		if isPlanFile(opts.version) {
			look = opts.version
		}
		return usagef("nobody can be asked here: look at %s first, then give --yes", look)
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := planned(ctx, a, opts, env)
	if err != nil {
		return err
	}
	if opts.out == asText {
		text, err := planText(env, p)
		if err != nil {
			return err
		}
		fmt.Fprint(env.Out, text)
	}
	if err := acceptNoWayBack(ctx, a, p, opts, env); err != nil {
		return err
	}
	if !opts.yes {
		if err := confirm(ctx, env, fmt.Sprintf("Deploy %s %s to %s?", p.Service, p.Release.Version, p.Environment)); err != nil {
			return err
		}
	}
	if err := prerequisites(ctx, a, p, opts, env); err != nil {
		return err
	}
	if err := a.Create(ctx, p); err != nil {
		return err
	}
	rec, err := a.Rollout(ctx, p.ID)
	if err != nil {
		return err
	}
	return drive(ctx, env, a, rec, rollout.Completed, &session{out: opts.out, atWait: opts.noWait})
}

// prerequisites runs the commands of the runbook's prerequisites, where the manifest has
// them stand before a deploy.
func prerequisites(ctx context.Context, a *app.App, p *rollout.Plan, opts deployOptions, env Env) error {
	if !p.Prerequisites {
		return nil
	}
	return a.GateRunbook(ctx, app.WalkRequest{
		RunbookRequest: app.RunbookRequest{Dir: env.Dir, File: opts.file, Runbook: p.Runbook},
		Values:         app.RunbookValues(p),
		Shell:          env.Getenv("SHELL"), Env: env.Environ,
	})
}

// drive shows and runs a rollout from what is known of it, and compares where it ends
// with what was wanted.
func drive(ctx context.Context, env Env, a *app.App, rec app.Record, want rollout.Phase, s *session) error {
	s.env, s.app = env, a
	st, err := s.run(ctx, rec)
	if err != nil {
		return err
	}
	return endedAs(st.Phase, want)
}

// confirm asks a yes-or-no question in the terminal; no is the default.
func confirm(ctx context.Context, env Env, question string) error {
	fmt.Fprintf(env.Out, "\n%s [y/N] ", question)
	answer := make(chan string, 1)
	// Reading a terminal cannot be cut off: after an interrupt this goroutine stays
	// until the process ends, which it does at once.
	go func() {
		var text string
		if _, err := fmt.Fscanln(env.In, &text); err != nil {
			text = ""
		}
		answer <- text
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(env.Out)
		return errInterrupted
	case text := <-answer:
		if text == "y" || text == "Y" || text == "yes" {
			return nil
		}
	}
	return errDeclined
}

// errDeclined means that the user said no; nothing was changed.
var errDeclined = errors.New("nothing was changed: you did not say yes")
