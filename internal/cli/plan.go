package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// planOptions choose what is planned; deploy has them too.
type planOptions struct {
	version     string
	file        string
	environment string
	only        []string
	without     []string
	unreleased  string
	out         output
}

func (o *planOptions) bind(c *cobra.Command) {
	c.Flags().StringVarP(&o.environment, "env", "e", "", "environment; not needed when there is only one")
	c.Flags().StringVarP(&o.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringSliceVar(&o.only, "hosts", nil, "only these hosts or groups")
	c.Flags().StringSliceVar(&o.without, "without", nil, "all but these hosts or groups")
	c.Flags().StringVar(&o.unreleased, "unreleased", "", "let a commit pass that may not be released, for this reason")
	o.out.bind(c)
}

func (o planOptions) request(env Env) app.PlanRequest {
	return app.PlanRequest{
		Dir: env.Dir, File: o.file, Environment: o.environment, Version: o.version, Only: o.only, Without: o.without, Unreleased: o.unreleased,
	}
}

func newPlan(env Env) *cobra.Command {
	var opts planOptions
	var written planForm
	c := &cobra.Command{
		Use:   "plan VERSION",
		Short: "Show what a deploy would do, and change nothing",
		Long: `Plan asks every host what it runs, and prints what a deploy would do: each host
with its version now and next, stages, waves and gates, and how each host goes back.
It refuses what cannot work, and says why.

With --format it writes the release plan: a document of the one rollout for those who
approve it. As json it is what slipway deploy plan.json runs, or refuses when the world
has changed; slipway plan plan.json --format html writes that very plan for people.`,
		Example: "  slipway plan 1.4.0 --env production\n  slipway plan 1.4.0 --format json --write plan.json\n  slipway plan plan.json --format html --write plan.html",
		Args:    exactly(1, 1, "slipway plan 1.4.0"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.version = args[0]
			if written.form != "" || isPlanFile(opts.version) {
				return runPlanDocument(c.Context(), opts, written, env)
			}
			if written.write != "" {
				return usagef("--write %s needs --format: md, html or json", written.write)
			}
			return runPlan(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	written.bind(c)
	return c
}

func runPlan(ctx context.Context, opts planOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := a.Plan(ctx, opts.request(env))
	if err != nil {
		return err
	}
	text, err := planText(env, p)
	if err != nil {
		return err
	}
	return opts.out.print(env.Out, p, func() string { return text })
}
