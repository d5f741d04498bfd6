package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

// newNotify groups what is about messages.
func newNotify(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "notify",
		Short: "Try the channels, and see what was told",
		Long: `Notify is about who is told what rollouts do: the channels under notify in slipway.yaml.

  slipway notify test --env production     try every channel
  slipway notify list 7Q2M4K               what was told of a rollout, and what was not
  slipway notify deliver                   try to deliver what could not be`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return usagef("slipway notify has no command %q: it has test, list and deliver", args[0])
		},
	}
	c.AddCommand(newNotifyTest(env), newNotifyList(env), newNotifyDeliver(env))
	return c
}

type notifyTestOptions struct {
	environment, file string
	out               output
}

func newNotifyTest(env Env) *cobra.Command {
	var opts notifyTestOptions
	c := &cobra.Command{
		Use:   "test",
		Short: "Try every channel of an environment",
		Long: `Test tries every channel of an environment, one after the other, from this machine and
with its secrets: systems that keep markers are asked whether they would take one, the
others get a message that says that it is a test. It ends with exit code 2 when one
does not work.`,
		Example: "  slipway notify test --env production",
		Args:    exactly(0, 0, "slipway notify test --env production"),
		RunE:    func(c *cobra.Command, _ []string) error { return runNotifyTest(c.Context(), opts, env) },
	}
	c.Flags().StringVarP(&opts.environment, "env", "e", "", "environment; not needed when there is only one")
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest")
	opts.out.bind(c)
	return c
}

func runNotifyTest(ctx context.Context, opts notifyTestOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	theme := env.theme(env.Out)
	all, bad := []app.Tried{}, 0
	err = a.TryChannels(ctx, app.PlanRequest{Dir: env.Dir, File: opts.file, Environment: opts.environment}, func(t app.Tried) {
		all = append(all, t)
		mark, text := theme.Good.Render(theme.Done), "works"
		if t.Error != "" {
			bad++
			mark, text = theme.Bad.Render(theme.Failed), t.Error
		}
		if opts.out == asText {
			fmt.Fprintf(env.Out, "%s %s (%s): %s\n", mark, t.Channel, t.Kind, text)
		}
	})
	if err != nil {
		return err
	}
	if err := opts.out.print(env.Out, all, func() string {
		if len(all) == 0 {
			return "there are no channels: notify in " + opts.file + " names who is told\n"
		}
		return ""
	}); err != nil {
		return err
	}
	if bad > 0 {
		return usagef("%d of %s not work; rollouts go on without what cannot be told", bad, view.Count(len(all), "channel")+does(bad))
	}
	return nil
}

func does(n int) string {
	if n == 1 {
		return " does"
	}
	return " do"
}

type notifyListOptions struct {
	target
	out output
}

func newNotifyList(env Env) *cobra.Command {
	var opts notifyListOptions
	c := &cobra.Command{
		Use:   "list [ROLLOUT]",
		Short: "What was told of a rollout, to whom",
		Long: `List shows every message of a rollout: to which channel, when it arrived, or why it has
not. Without an id it takes the active rollout, or the one that ended last.`,
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway notify list 7Q2M4K"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runNotifyList(c.Context(), opts, env)
		},
	}
	opts.bind(c)
	opts.out.bind(c)
	return c
}

func runNotifyList(ctx context.Context, opts notifyListOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	rec, err := opts.newest(ctx, a)
	if err != nil {
		return err
	}
	all, err := a.Deliveries(ctx, rec.State.Plan.ID)
	if err != nil {
		return err
	}
	if all == nil {
		all = []journal.Delivery{}
	}
	return opts.out.print(env.Out, all, func() string { return deliveriesText(env, all) })
}

func deliveriesText(env Env, all []journal.Delivery) string {
	if len(all) == 0 {
		return "nobody is told of this rollout: its plan has no channels\n"
	}
	var rows [][]string
	for _, d := range all {
		about := string(d.Notice.Kind)
		if d.Notice.Stage != "" {
			about += " " + d.Notice.Stage
		}
		rows = append(rows, []string{d.Notice.At.Local().Format(time.DateTime), d.Channel, about, arrived(d)})
	}
	return env.theme(env.Out).Table([]string{"when", "channel", "event", "delivered"}, rows)
}

// arrived says what became of a message.
func arrived(d journal.Delivery) string {
	switch {
	case !d.Delivered.IsZero():
		return "after " + view.Short(d.Delivered.Sub(d.Notice.At))
	case d.Done:
		return "given up after " + view.Count(d.Attempts, "attempt") + ": " + view.Clause(d.Err, 100)
	case d.Attempts == 0:
		return "not yet"
	}
	text := "not yet, " + view.Count(d.Attempts, "attempt")
	if d.Err != "" {
		text += ": " + view.Clause(d.Err, 100)
	}
	return text
}

type notifyDeliverOptions struct {
	most time.Duration
	out  output
}

func newNotifyDeliver(env Env) *cobra.Command {
	var opts notifyDeliverOptions
	c := &cobra.Command{
		Use:   "deliver",
		Short: "Try to deliver what could not be",
		Long: `Deliver tries what is due of the messages that have not arrived, of all rollouts, and
shows what is left. Whatever drives a rollout does so, too: this is for messages that
were left over when nothing does.`,
		Args: exactly(0, 0, "slipway notify deliver"),
		RunE: func(c *cobra.Command, _ []string) error { return runNotifyDeliver(c.Context(), opts, env) },
	}
	c.Flags().DurationVar(&opts.most, "for", 30*time.Second, "how long it may take")
	opts.out.bind(c)
	return c
}

func runNotifyDeliver(ctx context.Context, opts notifyDeliverOptions, env Env) error {
	if opts.most <= 0 {
		return usagef("--for %s makes no sense: it can be a time above 0, such as 30s", opts.most)
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Deliver(ctx, opts.most); err != nil {
		return err
	}
	all, err := a.List(ctx, journal.Filter{Limit: 100})
	if err != nil {
		return err
	}
	left := []untold{}
	for _, s := range all {
		some, err := a.Untold(ctx, s.ID)
		if err != nil {
			return err
		}
		left = append(left, untoldOf(some)...)
	}
	return opts.out.print(env.Out, left, func() string { return leftText(env, left) })
}

func leftText(env Env, left []untold) string {
	if len(left) == 0 {
		return "everything is delivered\n"
	}
	var rows [][]string
	for _, u := range left {
		next := "given up"
		if !u.GivenUp {
			next = "at " + u.Next.Local().Format(time.TimeOnly)
			if u.Next.IsZero() {
				next = "when it is its turn"
			}
		}
		rows = append(rows, []string{view.ShortID(u.Rollout), u.Channel, u.Event, next, strings.TrimSpace(view.Clause(u.Error, 100))})
	}
	return env.theme(env.Out).Table([]string{"rollout", "channel", "event", "again", "why"}, rows)
}
