package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

type bookRunsOptions struct {
	id      string
	service string
	out     output
}

func newRunbookRuns(env Env) *cobra.Command {
	var opts bookRunsOptions
	c := &cobra.Command{
		Use:   "runs [WALK]",
		Short: "What became of walks through runbooks",
		Long: `Runs lists the walks that were recorded on this machine, the newest first, or shows one of
them whole: each step, who said what, and what commands printed.`,
		Example: "  slipway runbook runs\n  slipway runbook runs 7Q2M4K",
		Args:    exactly(0, 1, "slipway runbook runs 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.id = args[0]
			}
			return runRunbookRuns(c.Context(), opts, env)
		},
	}
	c.Flags().StringVar(&opts.service, "service", "", "only walks of this service")
	opts.out.bind(c)
	return c
}

func runRunbookRuns(ctx context.Context, opts bookRunsOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	if opts.id != "" {
		rec, err := a.Walked(opts.id)
		if err != nil {
			return err
		}
		return opts.out.print(env.Out, rec, func() string { return walkText(env, rec) })
	}
	all, err := a.Walks(opts.service)
	if err != nil {
		return err
	}
	if all == nil {
		all = []runbook.Record{}
	}
	return opts.out.print(env.Out, all, func() string { return walksText(env, all) })
}

func walksText(env Env, all []runbook.Record) string {
	if len(all) == 0 {
		return "no walks yet\n"
	}
	var rows [][]string
	for _, r := range all {
		rows = append(rows, []string{view.ShortID(r.ID), r.Began.Local().Format(time.DateTime), r.Service, string(r.Part), r.By, string(r.Phase), countSteps(r)})
	}
	return env.theme(env.Out).Table([]string{"id", "when", "service", "part", "by", "state", "steps"}, rows)
}

// walkText is one walk, with what its commands printed.
func walkText(env Env, r runbook.Record) string {
	var b strings.Builder
	env.Out = &b
	p := bookPrinter{env: env}
	p.say("walk %s of %s, %s, by %s at %s: %s, %s\n", r.ID, r.File, r.Part, r.By, r.Began.Local().Format(time.DateTime), r.Phase, countSteps(r))
	for i, s := range r.Steps {
		what := "open"
		if s.Outcome != "" {
			what = string(s.Outcome)
		}
		if s.Reason != "" {
			what += ": " + plain(s.Reason)
		}
		by := ""
		if s.By != "" {
			by = fmt.Sprintf(" (%s)", s.By)
		}
		p.say("\n%s: %s%s\n", stepLine(r, i), what, by)
		p.output(s.Results)
	}
	return b.String()
}
