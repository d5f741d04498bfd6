package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
)

type historyOptions struct {
	target
	limit int
	out   output
}

func newHistory(env Env) *cobra.Command {
	var opts historyOptions
	c := &cobra.Command{
		Use:   "history",
		Short: "Rollouts, the newest first",
		Args:  exactly(0, 0, "slipway history --env production"),
		Long:  "History lists rollouts: what went where, when, by whom, and how it ended.",
		RunE:  func(c *cobra.Command, args []string) error { return runHistory(c.Context(), opts, env) },
	}
	opts.target.bind(c)
	opts.out.bind(c)
	c.Flags().IntVarP(&opts.limit, "limit", "n", 20, "how many; 0 means all")
	return c
}

func runHistory(ctx context.Context, opts historyOptions, env Env) error {
	if opts.limit < 0 {
		return usagef("--limit %d makes no sense: it can be 0 (all) or more", opts.limit)
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	all, err := a.List(ctx, journal.Filter{Service: opts.service, Environment: opts.environment, Limit: opts.limit})
	if err != nil {
		return err
	}
	if all == nil {
		all = []journal.Summary{}
	}
	return opts.out.print(env.Out, all, func() string { return historyText(env, all) })
}

func historyText(env Env, all []journal.Summary) string {
	if len(all) == 0 {
		return "no rollouts yet\n"
	}
	var rows [][]string
	for _, s := range all {
		took := ""
		if !s.Head.Started.IsZero() && !s.Head.Ended.IsZero() {
			took = view.Short(s.Head.Ended.Sub(s.Head.Started))
		}
		rows = append(rows, []string{
			view.ShortID(s.ID), s.Created.Local().Format(time.DateTime), s.Service, s.Version, s.Environment, s.By, took, string(s.Head.Phase), view.Clause(s.Head.Why, 100),
		})
	}
	return env.theme(env.Out).Table([]string{"id", "when", "service", "version", "environment", "by", "took", "state", "why"}, rows)
}
