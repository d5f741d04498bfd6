package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type showOptions struct {
	id  string
	out output
}

// shown is everything about one rollout.
type shown struct {
	Summary view.Summary    `json:"summary"`
	Plan    *rollout.Plan   `json:"plan"`
	Driver  string          `json:"driver,omitempty"`
	Events  []rollout.Event `json:"events"`
	Told    []view.Line     `json:"told"`
}

func newShow(env Env) *cobra.Command {
	var opts showOptions
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Everything about one rollout",
		Long: `Show prints one rollout: its plan, where it is or how it ended, its hosts, and all
that happened. The id may be cut to its beginning or its end, as in history.`,
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(1, 1, "slipway show 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.id = args[0]
			return runShow(c.Context(), opts, env)
		},
	}
	opts.out.bind(c)
	return c
}

func runShow(ctx context.Context, opts showOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := gather(ctx, a, opts.id, env)
	if err != nil {
		return err
	}
	planned, err := planText(env, s.Plan)
	if err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString(planned)
	theme := env.theme(env.Out)
	text.WriteString("\n" + theme.Summary(s.Summary) + theme.Hosts(s.Summary) + "\n")
	for _, l := range s.Told {
		text.WriteString(theme.Line(l) + "\n")
	}
	return opts.out.print(env.Out, s, text.String)
}

func gather(ctx context.Context, a *app.App, part string, env Env) (shown, error) {
	id, err := a.Resolve(ctx, part)
	if err != nil {
		return shown{}, err
	}
	rec, err := a.Rollout(ctx, id)
	if err != nil {
		return shown{}, err
	}
	moments, err := a.History(ctx, id)
	if err != nil {
		return shown{}, err
	}
	s := shown{Summary: view.Summarize(rec.State, env.Now()), Plan: rec.State.Plan, Events: []rollout.Event{}, Told: []view.Line{}}
	for _, m := range moments {
		s.Events = append(s.Events, m.Event)
		s.Told = append(s.Told, tell(m)...)
	}
	name, driven, err := a.Driver(ctx, id)
	if driven {
		s.Driver = name
	}
	return s, err
}
