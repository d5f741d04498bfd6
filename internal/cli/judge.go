package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/judge/chart"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

type judgeOptions struct {
	target
	file   string
	stage  string
	replay string
	svg    string
	worse  string
	below  string
	atMost string
	least  time.Duration
	most   time.Duration
	set    func(string) bool // whether a flag was given
	power  powerOptions
	out    output
}

func newJudge(env Env) *cobra.Command {
	var opts judgeOptions
	c := &cobra.Command{
		Use:   "judge [ROLLOUT]",
		Short: "Judge again what was recorded, or tell what a canary can see",
		Long: `Judge says what the judge of canaries finds, and why.

With a rollout it judges again what was recorded while one of its stages was watched:
the last one, or --stage. With --replay it judges a file of samples, one JSON object a
line; docs/judge.md has the format. --svg draws it.

With --power it tells, before a rollout, how long the canary of an environment needs to
see regressions at its traffic, and what percentage would be better.

What a replay and --power tolerate is what --worse-by, --pass-below and --at-most say;
what they leave is that of the canary in the manifest, with --env; and what that leaves
is what the manifest has for default.

A replay judges the whole record: a fail anywhere in it is the verdict, else what stands
at its end. When a bake would have ended with a pass before that is said beside it.
--least is the shortest bake for that, and --most ends the bake before the record does.

The exit code is 0 whatever the verdict is.`,
		Example: "  slipway judge 7Q2M4K --svg canary.svg\n  slipway judge --replay samples.jsonl --output json\n" +
			"  slipway judge --power --env production --rate 200 --errors 0.1%",
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway judge 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			opts.set = c.Flags().Changed
			return runJudge(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	opts.out.bind(c)
	f := c.Flags()
	f.StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest, with --env")
	f.StringVar(&opts.stage, "stage", "", "name of the rollout's stage; else the last one that was judged")
	f.StringVar(&opts.replay, "replay", "", "file of recorded samples; - reads them from standard input")
	f.StringVar(&opts.svg, "svg", "", "draw it into this file")
	f.StringVar(&opts.worse, "worse-by", "", "tolerated ratio for all metrics of a replay, and for --power, such as 1.5x")
	f.StringVar(&opts.below, "pass-below", "", "ratio that the canary must surely be below to pass, for all metrics of a replay, and for --power, such as 2x")
	f.StringVar(&opts.atMost, "at-most", "", "highest tolerated share for all counts of a replay, and for --power, such as 1%")
	f.DurationVar(&opts.least, "least", 0, "shortest bake, for a replay and for --power; else the environment's with --env")
	f.DurationVar(&opts.most, "most", 0, "longest bake, for a replay and for --power; else the record's end, and for --power the environment's")
	opts.power.bind(c)
	return c
}

func runJudge(ctx context.Context, opts judgeOptions, env Env) error {
	mode, err := opts.mode()
	if err != nil {
		return err
	}
	if err := opts.lasts(); err != nil {
		return err
	}
	switch mode {
	case judgesPower:
		err = runPower(ctx, opts, env)
	case judgesReplay:
		err = runReplay(ctx, opts, env)
	default:
		err = runRejudge(ctx, opts, env)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return errInterrupted
	}
	return err
}

// runRejudge judges what was recorded of a rollout.
func runRejudge(ctx context.Context, opts judgeOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	rec, err := opts.newest(ctx, a)
	if err != nil {
		return err
	}
	j, err := a.JudgedStage(ctx, rec.State.Plan.ID, opts.stage)
	if err != nil {
		return err
	}
	return opts.show(env, j)
}

// lasts checks how long a bake is to last.
func (o judgeOptions) lasts() error {
	switch {
	case o.least < 0:
		return usagef("--least %s makes no sense: it is how long a bake lasts when all is well, such as 2m", o.least)
	case o.set("most") && o.most <= 0:
		return usagef("--most %s makes no sense: it is when a bake ends whatever is known, such as 15m", o.most)
	case o.set("most") && o.most < o.least:
		return usagef("--least %s is longer than --most %s: no bake lasts so long", o.least, o.most)
	}
	return nil
}

// newest finds the rollout that is meant: the active one, or the one that ended last.
func (t target) newest(ctx context.Context, a *app.App) (app.Record, error) {
	active, err := a.Active(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	if t.id != "" || len(active) > 0 {
		return t.active(ctx, a)
	}
	ended, err := a.Ended(ctx, t.service, t.environment)
	switch {
	case err != nil:
		return app.Record{}, err
	case len(ended) == 0:
		return app.Record{}, usagef("no rollout%s was recorded; slipway judge --replay FILE judges a file", t.where())
	case len(ended) > 1:
		return app.Record{}, usagef("%d rollouts can be meant: name one:\n%s", len(ended), choices(ended))
	}
	return a.Rollout(ctx, ended[0].ID)
}

// show prints what was found, and draws it.
func (o judgeOptions) show(env Env, j app.Judged) error {
	if o.svg != "" {
		bake := chart.Bake{Title: j.Title, Findings: j.Series}
		if j.Passed != nil {
			bake.Marks = []chart.Mark{{At: j.Passed.At, Label: "passes"}}
		}
		if err := os.WriteFile(env.path(o.svg), chart.SVG(bake), 0o644); err != nil {
			return usagef("draw it: %v", err)
		}
	}
	return o.out.print(env.Out, judgedOf(j), func() string { return judgedText(env, j, o.svg) })
}
