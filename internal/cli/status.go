package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type statusOptions struct {
	target
	offline bool
	out     output
}

// status is one service in one environment.
type status struct {
	Service     string        `json:"service"`
	Environment string        `json:"environment"`
	Active      *view.Summary `json:"active,omitempty"` // the rollout that has not ended
	Driver      string        `json:"driver,omitempty"` // who drives it; empty when nobody does
	Last        *view.Summary `json:"last,omitempty"`   // the newest one that has
	// Finding is what the judge thinks so far, while a stage of the active one is watched.
	Finding *view.Finding `json:"finding,omitempty"`
	// Drift is what hosts are not as recorded; null when they were not asked.
	Drift []app.Drift `json:"drift"`
	// NotAsked is why hosts were not asked, or could not be.
	NotAsked string   `json:"not_asked,omitempty"`
	Untold   []untold `json:"untold,omitempty"` // messages that have not arrived
}

func newStatus(env Env) *cobra.Command {
	var opts statusOptions
	c := &cobra.Command{
		Use:   "status [ID]",
		Short: "What runs where, what is going on, and what to type next",
		Long: `Status shows, for each service and environment, the rollout that is going on and the
last one that ended: where it is, what it waits for, what the judge of the stage that is
watched finds so far, hosts with their versions, and what can be typed next. With an id
it shows that rollout.

Hosts are asked what they run now: what is not as recorded is shown as drift, and
slipway reconcile settles it. While a rollout is at work, and with --offline, they are
not asked. Messages that have not arrived are shown, too.`,
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway status --env production"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runStatus(c.Context(), opts, env)
		},
	}
	opts.target.bind(c)
	opts.out.bind(c)
	c.Flags().BoolVar(&opts.offline, "offline", false, "do not ask hosts")
	return c
}

func runStatus(ctx context.Context, opts statusOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := listed(ctx, a, opts.target)
	if err != nil {
		return err
	}
	places, err := placesOf(ctx, a, env, all)
	if err != nil {
		return err
	}
	for i := range places {
		if err := places[i].look(ctx, a, opts.offline); err != nil {
			return err
		}
	}
	return opts.out.print(env.Out, places, func() string { return statusText(env, places) })
}

// listed returns the rollouts that status is about, the newest first.
func listed(ctx context.Context, a *app.App, t target) ([]journal.Summary, error) {
	all, err := a.List(ctx, journal.Filter{Service: t.service, Environment: t.environment})
	if err != nil || t.id == "" {
		return all, err
	}
	id, err := a.Resolve(ctx, t.id)
	return slices.DeleteFunc(all, func(s journal.Summary) bool { return s.ID != id }), err
}

// placesOf picks the active and the last ended rollout of each place, newest first.
func placesOf(ctx context.Context, a *app.App, env Env, all []journal.Summary) ([]status, error) {
	places := []status{}
	at := map[[2]string]int{}
	for _, s := range all {
		key := [2]string{s.Service, s.Environment}
		i, known := at[key]
		if !known {
			i = len(places)
			at[key] = i
			places = append(places, status{Service: s.Service, Environment: s.Environment})
		}
		slot := &places[i].Active
		if s.Head.Phase.Ended() {
			slot = &places[i].Last
		}
		// One that was gone back past is newer than the rollout that was taken back.
		if *slot != nil && !s.Head.Ended.After((*slot).Ended) {
			continue
		}
		rec, err := a.Rollout(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		sum := view.Summarize(rec.State, env.Now())
		*slot = &sum
		if slot != &places[i].Active {
			continue
		}
		if places[i].Finding, err = found(ctx, a, env, rec.State); err != nil {
			return nil, err
		}
	}
	for i := range places {
		if places[i].Active == nil {
			continue
		}
		name, driven, err := a.Driver(ctx, places[i].Active.ID)
		if err != nil {
			return nil, err
		}
		if driven {
			places[i].Driver = name
		}
	}
	return places, nil
}

// found is what the judge thinks so far of the stage that is watched; nil when none is, or
// it cannot be judged along.
func found(ctx context.Context, a *app.App, env Env, st rollout.State) (*view.Finding, error) {
	f, ok, err := a.Findings().Finding(ctx, st)
	if err != nil || !ok {
		return nil, ctx.Err()
	}
	shown, ok := finding(app.Update{State: st, Finding: &f}, env.Now())
	if !ok {
		return nil, ctx.Err()
	}
	return &shown, nil
}

func statusText(env Env, places []status) string {
	if len(places) == 0 {
		return "nothing was deployed yet; slipway deploy VERSION begins\n"
	}
	theme := env.theme(env.Out)
	var b strings.Builder
	for i, p := range places {
		if i > 0 {
			b.WriteString("\n")
		}
		sum := p.Last
		if p.Active != nil {
			sum = p.Active
			if p.Driver == "" && !waits(p.Active) {
				b.WriteString(theme.Warn.Render("nobody drives this rollout") + "\n")
			}
		}
		b.WriteString(theme.Summary(*sum))
		if p.Finding != nil {
			b.WriteString("  " + view.TellFinding(*p.Finding).Text + "\n")
		}
		b.WriteString(theme.Hosts(*sum))
		b.WriteString(driftText(theme, p.Drift, p.NotAsked) + untoldText(theme, p.Untold))
		if p.Active != nil && p.Last != nil {
			b.WriteString("before that:\n" + theme.Summary(*p.Last))
		}
	}
	return b.String()
}

// waits reports whether a rollout needs nobody to drive it at the moment.
func waits(s *view.Summary) bool { return s.Phase == "waiting" || s.Phase == "paused" }
