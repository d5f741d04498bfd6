package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// steerOptions are those of promote, complete, pause, abort and rollback: each asks
// one thing of one rollout.
type steerOptions struct {
	target
	kind   rollout.EventKind
	want   rollout.Phase // how the rollout should end
	reason string
	noWait bool
	out    output
}

// steerHelp is what is true of every request.
const steerHelp = `The request is journalled. When a live process drives the rollout it acts on it, and
this command follows until the rollout ends or waits again; otherwise this command
takes the rollout over and drives it itself.`

func newPromote(env Env) *cobra.Command {
	return newSteer(env, steerOptions{kind: rollout.Promote, want: rollout.Completed},
		"Go on to the next stage", `Promote goes on with what the rollout waits for: an approval, an unclear verdict, or
a stage that is still being watched.`)
}

func newComplete(env Env) *cobra.Command {
	return newSteer(env, steerOptions{kind: rollout.Complete, want: rollout.Completed},
		"Go through all stages without watching or asking again", `Complete goes on through all stages that are left without watching them and without
approvals. Checks, the failure budget and the limit of hosts out of service still hold.`)
}

func newPause(env Env) *cobra.Command {
	return newSteer(env, steerOptions{kind: rollout.Pause, want: rollout.Paused},
		"Start nothing new", `Pause lets hosts at work finish and starts nothing new. slipway resume goes on.`)
}

func newAbort(env Env) *cobra.Command {
	return newSteer(env, steerOptions{kind: rollout.Abort, want: rollout.Restored},
		"Stop, and put production back", `Abort stops a rollout on its way and puts every changed host back to its recorded
state.`)
}

func newSteer(env Env, opts steerOptions, short, long string) *cobra.Command {
	name := string(opts.kind)
	c := &cobra.Command{
		Use: name + " [ID]", Short: short,
		Long:              long + "\n\n" + steerHelp,
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway "+name+" 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runSteer(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	return c
}

func (o *steerOptions) bind(c *cobra.Command) {
	o.target.bind(c)
	o.out.bind(c)
	c.Flags().StringVarP(&o.reason, "reason", "r", "", "why, for the record")
	c.Flags().BoolVar(&o.noWait, "no-wait", false, "write the request down and leave; who drives the rollout acts on it")
}

func runSteer(ctx context.Context, opts steerOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	rec, err := opts.active(ctx, a)
	if err != nil {
		return err
	}
	if err := goesOn(ctx, a, rec, opts.kind); err != nil {
		return err
	}
	asked, err := a.Request(ctx, rec.State.Plan.ID, opts.kind, opts.reason)
	if err != nil {
		return err
	}
	return steered(ctx, a, opts, env, rec, asked)
}

// goesOn makes sure that a rollout which nobody drives was not taken back elsewhere before
// it is led on. Who drives it knows its hosts.
func goesOn(ctx context.Context, a *app.App, rec app.Record, kind rollout.EventKind) error {
	if kind != rollout.Promote && kind != rollout.Complete && kind != rollout.Resume {
		return nil
	}
	if _, driven, err := a.Driver(ctx, rec.State.Plan.ID); err != nil || driven {
		return err
	}
	return a.Undone(ctx, rec.State)
}

// steered follows a request that is journalled, or drives the rollout.
func steered(ctx context.Context, a *app.App, opts steerOptions, env Env, rec, asked app.Record) error {
	_, driven, err := a.Driver(ctx, rec.State.Plan.ID)
	if err != nil {
		return err
	}
	if opts.noWait || opts.kind == rollout.Pause && !driven {
		return acknowledge(env, opts, asked, driven)
	}
	return drive(ctx, env, a, rec, opts.want, &session{
		out: opts.out, asked: asked.Seq, atWait: !env.terminal() || opts.out == asJSON,
	})
}

// acknowledge says that the request is written down and who will act on it.
func acknowledge(env Env, opts steerOptions, asked app.Record, driven bool) error {
	sum := view.Summarize(asked.State, env.Now())
	if driven {
		sum.Next = nil
	}
	return opts.out.print(env.Out, sum, func() string { return env.theme(env.Out).Summary(sum) })
}
