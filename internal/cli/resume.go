package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type resumeOptions struct {
	target
	out    output
	noWait bool
}

func newResume(env Env) *cobra.Command {
	var opts resumeOptions
	c := &cobra.Command{
		Use:   "resume [ID]",
		Short: "Go on with a rollout that was paused or whose program ended",
		Long: `Resume takes up the rollout that has not ended, or the one that is named by its id
or the beginning or the end of it. Work that was done before the interruption is
found and not done again. When a live process drives the rollout, resume follows it.`,
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway resume 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runResume(c.Context(), opts, env)
		},
	}
	opts.target.bind(c)
	opts.out.bind(c)
	c.Flags().BoolVar(&opts.noWait, "no-wait", false, "leave when the rollout waits for a person, instead of waiting with it")
	return c
}

func runResume(ctx context.Context, opts resumeOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	rec, err := opts.active(ctx, a)
	if err != nil {
		return err
	}
	if rec.State.Phase.Ended() {
		return endedBefore(rec.State)
	}
	if err := goesOn(ctx, a, rec, rollout.Resume); err != nil {
		return err
	}
	since := rec.Seq
	if rec.State.Phase == rollout.Paused {
		asked, err := a.Request(ctx, rec.State.Plan.ID, rollout.Resume, "")
		since = max(since, asked.Seq)
		var refusal *rollout.Refusal
		if err != nil && !errors.As(err, &refusal) { // refused: somebody else was quicker
			return err
		}
	}
	want, err := wanted(ctx, a, rec.State.Plan.ID)
	if err != nil {
		return err
	}
	return drive(ctx, env, a, rec, want, &session{out: opts.out, asked: since, atWait: opts.noWait})
}

// wanted is how a rollout should end: restored when a person asked for that, and
// completed otherwise, also while a release that failed is being taken back.
func wanted(ctx context.Context, a *app.App, id string) (rollout.Phase, error) {
	events, err := a.Events(ctx, id)
	if err != nil {
		return "", err
	}
	for _, e := range events {
		if e.Kind == rollout.Abort || e.Kind == rollout.Rollback {
			return rollout.Restored, nil
		}
	}
	return rollout.Completed, nil
}

// endedBefore says that there is nothing to resume.
func endedBefore(st rollout.State) error {
	return usagef("rollout %s has ended: it is %s; slipway deploy starts another", st.Plan.ID, st.Phase)
}
