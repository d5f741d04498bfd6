package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/traffic"
	"github.com/slipway-deploy/slipway/lab/load"
)

// usualRate is requests a second: enough for the judge to be sure within the canary's minute.
const usualRate = 200

type demoOptions struct {
	hosts int
	rate  int
	local bool
	keep  bool
	out   output
}

func newDemo(env Env) *cobra.Command {
	var opts demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "See a good release go out, and a bad one come back",
		Long: `Demo boots a lab of real hosts behind HAProxy, puts load on it, takes the sample
service from 1.0.0 to 1.1.0 through all stages, and then lets 1.2.0, which answers 5 %
of its requests with an error, fail at the canary and be taken back. It ends with what
became of every request and every host. Where this machine cannot boot hosts it says
so, and uses a fleet of processes on this machine instead.`,
		Args: exactly(0, 0, "slipway demo"),
		RunE: func(c *cobra.Command, args []string) error { return runDemo(c.Context(), opts, env) },
	}
	c.Flags().IntVar(&opts.hosts, "hosts", 6, "how many hosts, 4 to 20")
	c.Flags().IntVar(&opts.rate, "rate", usualRate, "requests a second")
	c.Flags().BoolVar(&opts.local, "local", false, "use processes on this machine, also where hosts could be booted")
	c.Flags().BoolVar(&opts.keep, "keep", false, "leave the hosts up at the end, and say how they are taken away")
	opts.out.bind(c)
	return c
}

func runDemo(ctx context.Context, opts demoOptions, env Env) (err error) {
	if opts.hosts < 4 || opts.hosts > 20 {
		return usagef("a demo of %d hosts makes no sense: --hosts can be 4 to 20", opts.hosts)
	}
	if opts.rate < 1 || opts.rate > 10_000 {
		return usagef("--rate %d makes no sense: it can be 1 to 10000 requests a second", opts.rate)
	}
	say := func(line string) { fmt.Fprintln(env.Err, line) }
	w, err := openStage(ctx, opts, say)
	if err != nil {
		return err
	}
	defer func() {
		if opts.keep {
			say("left up in " + w.project + " with SLIPWAY_STATE=" + w.state() + "; " + w.end)
			return
		}
		err = errors.Join(err, w.down(context.WithoutCancel(ctx)))
	}()
	d, err := newDemoRun(ctx, opts, env, w, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.app.Close()) }()
	report, err := d.play(ctx)
	if err != nil {
		return err
	}
	if err := opts.out.print(env.Out, report, func() string { return report.text(env.theme(env.Out)) }); err != nil {
		return err
	}
	return report.asExpected()
}

// demoRun is one performance.
type demoRun struct {
	opts   demoOptions
	env    Env
	stage  stage
	app    *app.App
	say    func(string)
	load   *load.Generator
	report demoReport
}

// newDemoRun opens Slipway with a state of its own, beside the hosts.
func newDemoRun(ctx context.Context, opts demoOptions, env Env, w stage, say func(string)) (*demoRun, error) {
	cfg, err := app.Environment(env.Getenv)
	if err != nil {
		return nil, err
	}
	cfg.State, cfg.Journal, cfg.Now = w.state(), "", env.Now
	a, err := app.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &demoRun{opts: opts, env: env, stage: w, app: a, say: say,
		report: demoReport{Fleet: w.kind, Why: w.why, Rate: opts.rate, Started: env.Now().UTC()}}, nil
}

// play does the three rollouts, the last two under load. Each needs the one before it to
// have completed: where it has not, the demo ends there.
func (d *demoRun) play(ctx context.Context) (demoReport, error) {
	if err := d.importAll(ctx); err != nil {
		return d.report, err
	}
	d.say("1.0.0 goes to hosts that have nothing yet")
	first, err := d.first(ctx)
	if err != nil || d.stuck(first) {
		return d.report, err
	}
	d.load, err = load.Start(ctx, load.Config{URL: d.stage.public + "/cart", Rate: d.opts.rate, New: 0.2}, "before")
	if err != nil {
		return d.report, err
	}
	defer d.load.Stop()
	d.say(view.Count(d.opts.rate, "request") + " a second from here on; 1.1.0 goes out")
	if err := pause(ctx, breath); err != nil {
		return d.report, err
	}
	d.load.Mark("1.1.0")
	good, err := d.deploy(ctx, "1.1.0", nil)
	if err != nil || d.stuck(good) {
		return d.report, err
	}
	return d.taken(ctx, good.Plan)
}

// taken lets the bad version go out and come back.
func (d *demoRun) taken(ctx context.Context, good *rollout.Plan) (demoReport, error) {
	d.load.Mark("between")
	if err := pause(ctx, breath); err != nil {
		return d.report, err
	}
	before, err := d.app.Balancers(ctx, good)
	if err != nil {
		return d.report, err
	}
	d.say("1.2.0 goes out; it answers 5 % of its requests with an error")
	d.load.Mark("1.2.0")
	bad, err := d.deploy(ctx, "1.2.0", func(m app.Moment) {
		if m.Before.Phase != rollout.Restoring && m.After.Phase == rollout.Restoring {
			d.load.Mark("rollback")
		}
	})
	if err != nil {
		return d.report, err
	}
	d.load.Mark("after")
	if err := pause(ctx, breath); err != nil {
		return d.report, err
	}
	return d.conclude(ctx, bad, before)
}

// first puts the first version on hosts that nobody uses yet: there is nothing to
// compare it with, so it goes through all stages without being watched.
func (d *demoRun) first(ctx context.Context) (rollout.State, error) {
	return d.deploy(ctx, "1.0.0", func(m app.Moment) {
		if m.Event.Kind != rollout.Start {
			return
		}
		if _, err := d.app.Request(ctx, m.After.Plan.ID, rollout.Complete, "nobody uses it yet"); err != nil {
			d.say("complete 1.0.0: " + message(err)) // then it waits, and that ends the demo
		}
	})
}

// stuck reports whether a good version did not get everywhere, and ends the report with
// why that was and what can be done.
func (d *demoRun) stuck(st rollout.State) bool {
	if st.Phase == rollout.Completed {
		return false
	}
	d.report.Stopped = fmt.Sprintf("%s is %s%s", st.Plan.Release.Version, st.Phase, because(st.Why))
	if st.Phase == rollout.Waiting {
		d.report.Hint = fmt.Sprintf("give the judge more to count: end what else keeps this machine busy, or slipway demo --rate %d", max(2*d.opts.rate, usualRate))
	} else {
		d.report.Hint = "the lines above say what the hosts answered; slipway demo begins anew"
	}
	if d.opts.keep {
		d.report.Hint += fmt.Sprintf("\nor go on by hand: cd %s && SLIPWAY_STATE=%s slipway status", d.stage.project, d.stage.state())
	}
	if d.load != nil {
		d.report.Requests = d.load.Stop()
	}
	d.report.finish(d.env.Now(), false)
	return true
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// breath is how long load goes on by itself between rollouts, to compare with.
const breath = 2 * time.Second

// pause lets load go on for a while.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// importAll keeps the versions that are deployed.
func (d *demoRun) importAll(ctx context.Context) error {
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		file, arch := d.stage.artifact(v)
		_, err := d.app.Build(ctx, app.BuildRequest{
			Dir: d.stage.project, File: "slipway.yaml", Version: v, Import: []string{file}, Arch: []string{arch}, Output: d.env.Err,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deploy plans, creates and runs one rollout, and shows it.
func (d *demoRun) deploy(ctx context.Context, version string, also func(app.Moment)) (rollout.State, error) {
	p, err := d.app.Plan(ctx, app.PlanRequest{Dir: d.stage.project, File: "slipway.yaml", Version: version})
	if err != nil {
		return rollout.State{}, err
	}
	if err := d.app.Create(ctx, p); err != nil {
		return rollout.State{}, err
	}
	rec, err := d.app.Rollout(ctx, p.ID)
	if err != nil {
		return rollout.State{}, err
	}
	s := &session{env: d.env, app: d.app, out: d.opts.out, quiet: d.opts.out == asJSON, atWait: true, also: also, apart: true}
	st, err := s.run(ctx, rec)
	if err != nil {
		return st, err
	}
	d.report.Rollouts = append(d.report.Rollouts, view.Summarize(st, d.env.Now()))
	return st, nil
}

// conclude puts the report together once the bad version is gone.
func (d *demoRun) conclude(ctx context.Context, bad rollout.State, before []traffic.Standing) (demoReport, error) {
	after, err := d.app.Balancers(ctx, bad.Plan)
	if err != nil {
		return d.report, err
	}
	d.report.Requests = d.load.Stop()
	d.report.finish(d.env.Now(), sameStanding(before, after))
	return d.report, nil
}

// sameStanding reports whether the balancers are set as they were.
func sameStanding(before, after []traffic.Standing) bool {
	if len(before) != len(after) {
		return false
	}
	for i, b := range before {
		a := after[i]
		if a.Server != b.Server || a.Backend != b.Backend || a.Balancer != b.Balancer || a.State != b.State ||
			a.Weight != b.Weight || a.Status != b.Status || a.Error != "" || b.Error != "" {
			return false
		}
	}
	return true
}
