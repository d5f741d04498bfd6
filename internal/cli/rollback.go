package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// rollbackOptions are those of rollback: of a rollout, to a version, or of what the
// hosts remember.
type rollbackOptions struct {
	steerOptions
	to   string
	file string
	yes  bool
}

func newRollback(env Env) *cobra.Command {
	opts := rollbackOptions{steerOptions: steerOptions{kind: rollout.Rollback, want: rollout.Restored}}
	c := &cobra.Command{
		Use:   "rollback [ID]",
		Short: "Put production back, also after completion",
		Long: `Rollback puts every host that a rollout changed back to its recorded state and reads
it back. Without an id it takes the active rollout, or else the last one that completed.

With --to VERSION it takes back the newest rollout whose hosts all came from that
version: they go there in one step, past what came later.

Where no rollout of the service and environment is known, as on another machine than
the one that deployed, the hosts are asked what they remember, in the directory of
slipway.yaml; that is shown first, and done after a yes.

` + steerHelp,
		Example:           "  slipway rollback --env production\n  slipway rollback --env production --to 1.4.0",
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway rollback 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runRollback(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	c.Flags().StringVar(&opts.to, "to", "", "version to go back to, past later rollouts")
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest, for a rollout that only the hosts remember")
	c.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask before taking back what only the hosts remember")
	return c
}

func runRollback(ctx context.Context, opts rollbackOptions, env Env) error {
	if opts.to != "" && opts.id != "" {
		return usagef("--to %s and rollout %s: give one of them; --to finds the rollout", opts.to, opts.id)
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	if opts.to != "" {
		return rollbackTo(ctx, a, opts, env)
	}
	rec, err := opts.last(ctx, a)
	var none noneError
	if errors.As(err, &none) && opts.id == "" {
		rec, err = adopted(ctx, a, opts, env, err)
	}
	if err != nil {
		return err
	}
	asked, err := a.Request(ctx, rec.State.Plan.ID, opts.kind, opts.reason)
	if err != nil {
		return err
	}
	return steered(ctx, a, opts.steerOptions, env, rec, asked)
}

// rollbackTo goes back to a version in one step.
func rollbackTo(ctx context.Context, a *app.App, opts rollbackOptions, env Env) error {
	rec, err := a.BackTo(ctx, opts.service, opts.environment, opts.to)
	if err != nil {
		return err
	}
	asked, err := a.TakeBack(ctx, rec.State.Plan.ID, opts.reason)
	if err != nil {
		return err
	}
	return steered(ctx, a, opts.steerOptions, env, rec, asked)
}

// adopted takes over the rollout that the hosts remember, after a yes. unknown is why
// there is none here: it stands where there is no project to ask for either.
func adopted(ctx context.Context, a *app.App, opts rollbackOptions, env Env, unknown error) (app.Record, error) {
	p, err := a.Remembered(ctx, app.PlanRequest{Dir: env.Dir, File: opts.file, Environment: opts.environment, Service: opts.service})
	switch {
	case errors.Is(err, app.ErrNoProject):
		return app.Record{}, usagef("%s; in the directory of a project's %s its hosts are asked", unknown, manifest.Name)
	case err != nil:
		return app.Record{}, err
	}
	if opts.out == asText {
		fmt.Fprint(env.Out, rememberedText(env, p))
	}
	if !opts.yes {
		if !env.terminal() || opts.out == asJSON {
			return app.Record{}, usagef("no rollout of %s on %s is known here, and its hosts remember %s, of %s; give --yes to take that one back",
				p.Service, p.Environment, p.ID, p.Release.Version)
		}
		if err := confirm(ctx, env, fmt.Sprintf("Take %s %s back on %s?", p.Service, p.Release.Version, p.Environment)); err != nil {
			return app.Record{}, err
		}
	}
	if err := a.Adopt(ctx, p); err != nil {
		return app.Record{}, err
	}
	return a.Rollout(ctx, p.ID)
}

// rememberedText shows what would be taken back.
func rememberedText(env Env, p *rollout.Plan) string {
	theme := env.theme(env.Out)
	text := fmt.Sprintf("%s %s on %s, as its hosts remember it: rollout %s\n",
		theme.Strong.Render(p.Service), theme.Strong.Render(p.Release.Version), p.Environment, p.ID)
	var rows [][]string
	for _, h := range p.Hosts {
		rows = append(rows, []string{"  " + h.Name, view.Version(p.Release.Version), view.Version(h.From)})
	}
	text += theme.Table([]string{"  host", "now", "goes back to"}, rows)
	for _, n := range p.Notes {
		text += "  " + n + "\n"
	}
	return text
}
