package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
)

// planOptions choose what is planned; deploy has them too.
type planOptions struct {
	version     string
	file        string
	environment string
	only        []string
	without     []string
	out         output
}

func (o *planOptions) bind(c *cobra.Command) {
	c.Flags().StringVarP(&o.environment, "env", "e", "", "environment; not needed when there is only one")
	c.Flags().StringVarP(&o.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringSliceVar(&o.only, "hosts", nil, "only these hosts or groups")
	c.Flags().StringSliceVar(&o.without, "without", nil, "all but these hosts or groups")
	o.out.bind(c)
}

func (o planOptions) request(env Env) app.PlanRequest {
	return app.PlanRequest{
		Dir: env.Dir, File: o.file, Environment: o.environment, Version: o.version, Only: o.only, Without: o.without,
	}
}

func newPlan(env Env) *cobra.Command {
	var opts planOptions
	c := &cobra.Command{
		Use:   "plan VERSION",
		Short: "Show what a deploy would do, and change nothing",
		Long: `Plan asks every host what it runs, and prints what a deploy would do: each host
with its version now and next, stages, waves and gates, and how each host goes back.
It refuses what cannot work, and says why.`,
		Example: "  slipway plan 1.4.0 --env production",
		Args:    exactly(1, 1, "slipway plan 1.4.0"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.version = args[0]
			return runPlan(c.Context(), opts, env)
		},
	}
	opts.bind(c)
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
	var text bytes.Buffer
	if err := plan.Text(&text, p); err != nil {
		return err
	}
	return opts.out.print(env.Out, p, text.String)
}
