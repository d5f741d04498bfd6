package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/judge/chart"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
)

type judgeOptions struct {
	target
	file   string
	stage  string
	replay string
	svg    string
	worse  string
	atMost string
	power  powerOptions
	out    output
}

// judged is what a judge said of a record, as JSON. Times are in seconds.
type judged struct {
	Verdict judge.Verdict  `json:"verdict"`
	T       float64        `json:"t"` // when it was decided, or where the record ends
	Reason  string         `json:"reason"`
	Against float64        `json:"against"`  // natural logarithm of the evidence that it is worse
	AlarmAt float64        `json:"alarm_at"` // a fail from here on
	Looks   int            `json:"looks"`
	Before  int            `json:"before,omitempty"`  // looks at the time before the deploy
	Strange int            `json:"strange,omitempty"` // samples that were left out
	Metrics []judgedMetric `json:"metrics"`
}

// judgedMetric is one metric of it.
type judgedMetric struct {
	judge.MetricFinding
	MoreTime float64 `json:"more_time,omitempty"` // seconds
}

func judgedOf(j app.Judged) judged {
	f := j.Final
	at := f.At
	if f.Verdict == judge.Fail && f.Since > 0 {
		at = f.Since
	}
	out := judged{Verdict: f.Verdict, T: at.Seconds(), Reason: f.Reason, Against: f.Against, AlarmAt: f.AlarmAt,
		Looks: j.Looks, Before: j.Before, Strange: f.Strange, Metrics: []judgedMetric{}}
	for _, m := range f.Metrics {
		out.Metrics = append(out.Metrics, judgedMetric{m, m.MoreTime.Seconds()})
	}
	return out
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

The exit code is 0 whatever the verdict is.`,
		Example: "  slipway judge 7Q2M4K --svg canary.svg\n  slipway judge --replay samples.jsonl --output json\n" +
			"  slipway judge --power --env production --rate 200 --errors 0.1%",
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway judge 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			opts.power.set = c.Flags().Changed
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
	f.StringVar(&opts.worse, "worse-by", "", "tolerated ratio for all metrics of a replay, such as 1.5x")
	f.StringVar(&opts.atMost, "at-most", "", "highest tolerated share of all counts of a replay, such as 1%")
	opts.power.bind(c)
	return c
}

func runJudge(ctx context.Context, opts judgeOptions, env Env) error {
	switch {
	case opts.power.on && (opts.replay != "" || opts.id != ""):
		return usagef("--power is of a rollout to come: give neither a rollout nor --replay")
	case opts.power.on:
		return runPower(ctx, opts, env)
	case opts.replay != "" && opts.id != "":
		return usagef("--replay %s and rollout %s: give one of them", opts.replay, opts.id)
	case opts.replay != "":
		return runReplay(ctx, opts, env)
	case opts.worse != "" || opts.atMost != "":
		return usagef("--worse-by and --at-most are for --replay: a rollout is judged as its plan says")
	}
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

// runReplay judges a file. What is tolerated comes from the flags, or from the canary of
// the environment that is named.
func runReplay(ctx context.Context, opts judgeOptions, env Env) error {
	metrics, least, err := opts.tolerated(ctx, env)
	if err != nil {
		return err
	}
	in := env.In
	if opts.replay != "-" {
		f, err := os.Open(env.path(opts.replay))
		if errors.Is(err, fs.ErrNotExist) {
			return usagef("there is no %s; name a file of samples, one JSON object a line", opts.replay)
		}
		if err != nil {
			return usagef("read the samples: %v", err)
		}
		defer f.Close()
		in = f
	}
	j, err := app.Rejudge(in, metrics, least)
	if err != nil {
		return err
	}
	j.Title = opts.replay
	return opts.show(env, j)
}

// tolerated is what a replay tolerates.
func (o judgeOptions) tolerated(ctx context.Context, env Env) ([]judge.Metric, time.Duration, error) {
	var metrics []judge.Metric
	var least time.Duration
	if o.environment != "" {
		a, err := env.app(ctx)
		if err != nil {
			return nil, 0, err
		}
		defer a.Close()
		s, err := a.CanaryOf(app.PlanRequest{Dir: env.Dir, File: o.file, Environment: o.environment})
		if err != nil {
			return nil, 0, err
		}
		metrics, least = app.JudgeMetrics(plan.Metrics(s.Judge)), s.Bake.Least
	}
	if o.worse == "" && o.atMost == "" {
		return metrics, least, nil
	}
	m := judge.Metric{WorseBy: 1.5}
	var err error
	if o.worse != "" {
		if m.WorseBy, err = ratio("--worse-by", o.worse); err != nil {
			return nil, 0, err
		}
	}
	if o.atMost != "" {
		if m.AtMost, err = percent("--at-most", o.atMost); err != nil {
			return nil, 0, err
		}
	}
	return []judge.Metric{m}, least, nil
}

// show prints what was found, and draws it.
func (o judgeOptions) show(env Env, j app.Judged) error {
	if o.svg != "" {
		svg := chart.SVG(chart.Bake{Title: j.Title, Findings: j.Series})
		if err := os.WriteFile(env.path(o.svg), svg, 0o644); err != nil {
			return usagef("draw it: %v", err)
		}
	}
	out := judgedOf(j)
	return o.out.print(env.Out, out, func() string { return judgedText(env, j, o.svg) })
}

func judgedText(env Env, j app.Judged, svg string) string {
	theme := env.theme(env.Out)
	f := j.Final
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s after %s, %s\n", j.Title, theme.Strong.Render(string(f.Verdict)), view.Limit(time.Duration(judgedOf(j).T*float64(time.Second)).Round(time.Second)), view.Count(j.Looks, "look"))
	fmt.Fprintf(&b, "  %s\n", f.Reason)
	for _, m := range f.Metrics {
		if strings.Contains(f.Reason, m.Reason) {
			continue // it has been told
		}
		dry := ""
		if m.DryRun {
			dry = " (dry run)"
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", m.Name, dry, m.Reason)
	}
	if f.Strange > 0 {
		fmt.Fprintf(&b, "  %s left out: their numbers make no sense\n", view.Count(f.Strange, "sample"))
	}
	if svg != "" {
		fmt.Fprintf(&b, "  drawn: %s\n", svg)
	}
	return b.String()
}
