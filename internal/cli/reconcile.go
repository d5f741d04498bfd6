package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type reconcileOptions struct {
	target
	file   string
	hosts  []string
	unhold bool
	yes    bool
	reason string
	out    output
}

// reconciled is what a reconcile found, and did, as JSON.
type reconciled struct {
	Type    string      `json:"type"` // reconcile
	Rollout string      `json:"rollout"`
	Owed    []string    `json:"owed"`  // hosts that are owed the change, or their restore
	Drift   []app.Drift `json:"drift"` // what hosts are not as recorded
	Freed   []string    `json:"freed,omitempty"`
}

func newReconcile(env Env) *cobra.Command {
	var opts reconcileOptions
	c := &cobra.Command{
		Use:   "reconcile [ID]",
		Short: "Settle what hosts are owed, and what is not as recorded",
		Long: `Reconcile is for hosts that could not be reached while others were changed, and for
hosts that somebody changed since. Without an id it takes the last rollout that left
hosts changed, or that a person was needed for.

What is owed is settled first: after a rollout that completed, hosts that missed it are
updated, within the limit of hosts out of service and without stages; after one that
was taken back, hosts that could not be restored are restored.

What is not as recorded is shown, and left as it is unless --hosts names hosts: the
recorded release is put on these once more, as a rollout of its own in one stage, which
starts what is older than what is installed and can be taken back. Files that somebody
changed are not put back by that: what is left is shown again.

A host that still cannot be reached stays owed, and the exit code is 3.

A package that Slipway put back is on hold, so that nothing upgrades it meanwhile. The
next deploy gives the hold back, and --unhold does so now.`,
		Example:           "  slipway reconcile --env production\n  slipway reconcile --env production --hosts web3 --yes",
		ValidArgsFunction: ofRollouts(env),
		Args:              exactly(0, 1, "slipway reconcile --env production"),
		RunE: func(c *cobra.Command, args []string) error {
			opts.args(args)
			return runReconcile(c.Context(), opts, env)
		},
	}
	opts.target.bind(c)
	opts.out.bind(c)
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest, for --hosts")
	c.Flags().StringSliceVar(&opts.hosts, "hosts", nil, "put the recorded release on these hosts again")
	c.Flags().BoolVar(&opts.unhold, "unhold", false, "give back the holds that Slipway put on packages")
	c.Flags().BoolVarP(&opts.yes, "yes", "y", false, "do not ask; needed where nobody can be asked")
	c.Flags().StringVarP(&opts.reason, "reason", "r", "", "why, for the record")
	return c
}

func runReconcile(ctx context.Context, opts reconcileOptions, env Env) error {
	asking := len(opts.hosts) > 0 || opts.unhold
	if asking && !opts.yes && (!env.terminal() || opts.out == asJSON) {
		return usagef("nobody can be asked here: look at slipway reconcile first, then give --yes")
	}
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	rec, err := opts.settled(ctx, a)
	if err != nil {
		return err
	}
	if rec.State.Phase.Ended() {
		if err := a.Newest(ctx, rec.State.Plan); err != nil {
			return err
		}
	}
	if unsettled(rec.State) {
		if rec, err = settle(ctx, a, rec, opts, env); err != nil {
			return err
		}
	}
	if halfway(rec.State) {
		if rec, err = settle(ctx, a, rec, opts, env); err != nil {
			return err
		}
	}
	if len(opts.hosts) > 0 {
		if err := again(ctx, a, rec, opts, env); err != nil {
			return err
		}
	}
	return report(ctx, a, rec, opts, env)
}

// unsettled reports whether a rollout owes hosts something, or left a person to look at some.
func unsettled(st rollout.State) bool {
	return len(view.Owed(st)) > 0 || st.Phase == rollout.NeedsPerson
}

// halfway reports whether a host is owed the release and has only now been put back: one
// that was lost while it was changed is first brought to what it was.
func halfway(st rollout.State) bool {
	return st.Phase == rollout.Completed && slices.ContainsFunc(st.Hosts, func(h rollout.HostState) bool {
		return h.Owed && h.Begun && h.Restored
	})
}

// settled finds the rollout that reconcile is about: the newest that ended.
func (t target) settled(ctx context.Context, a *app.App) (app.Record, error) {
	if t.id != "" {
		return t.byID(ctx, a)
	}
	active, err := a.Active(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	if len(active) > 0 {
		return app.Record{}, &app.Error{Kind: app.Refused, Err: fmt.Errorf("rollout %s%s is still active", active[0].ID, t.where()),
			Hint: "wait for its end, or end it: slipway status"}
	}
	found, err := a.Ended(ctx, t.service, t.environment)
	if err != nil {
		return app.Record{}, err
	}
	switch len(found) {
	case 0:
		return app.Record{}, usagef("no rollout%s has ended yet: there is nothing to reconcile", t.where())
	case 1:
		return a.Rollout(ctx, found[0].ID)
	}
	return app.Record{}, usagef("%d rollouts can be meant: name one:\n%s", len(found), choices(found))
}

// settle asks the rollout to give hosts what they are owed, and drives that.
func settle(ctx context.Context, a *app.App, rec app.Record, opts reconcileOptions, env Env) (app.Record, error) {
	id := rec.State.Plan.ID
	asked, err := a.Request(ctx, id, rollout.Reconcile, opts.reason)
	if err != nil {
		return rec, err
	}
	want := rollout.Completed
	if asked.State.Phase == rollout.Restoring {
		want = rollout.Restored
	}
	if err := drive(ctx, env, a, rec, want, &session{out: opts.out, asked: asked.Seq, atWait: !env.terminal() || opts.out == asJSON}); err != nil {
		return rec, err
	}
	return a.Rollout(ctx, id)
}

// again puts the recorded release on hosts once more, as a rollout of its own.
func again(ctx context.Context, a *app.App, rec app.Record, opts reconcileOptions, env Env) error {
	recorded := rec.State.Plan
	version := recorded.Release.Version
	if rec.State.Phase != rollout.Completed {
		return &app.Error{Kind: app.Refused, Err: fmt.Errorf("rollout %s is %s: its release is not what hosts should run", recorded.ID, rec.State.Phase),
			Hint: "deploy the version that they should run: slipway deploy VERSION --hosts " + strings.Join(opts.hosts, ",")}
	}
	p, err := a.Plan(ctx, app.PlanRequest{
		Dir: recorded.Project, File: opts.file, Environment: recorded.Environment, Version: version, Only: opts.hosts, Again: true,
	})
	if err != nil {
		return err
	}
	if opts.out == asText {
		if err := plan.Text(env.Out, p); err != nil {
			return err
		}
	}
	if !opts.yes {
		if err := confirm(ctx, env, fmt.Sprintf("Put %s %s on %s again?", p.Service, version, view.Count(len(p.Hosts), "host"))); err != nil {
			return err
		}
	}
	if err := a.Create(ctx, p); err != nil {
		return err
	}
	started, err := a.Rollout(ctx, p.ID)
	if err != nil {
		return err
	}
	return drive(ctx, env, a, started, rollout.Completed, &session{out: opts.out, atWait: !env.terminal() || opts.out == asJSON})
}

// report shows what is left, and gives holds back when that was asked.
func report(ctx context.Context, a *app.App, rec app.Record, opts reconcileOptions, env Env) error {
	rec, err := a.Rollout(ctx, rec.State.Plan.ID)
	if err != nil {
		return err
	}
	drift, err := a.Drift(ctx, rec.State)
	if err != nil {
		return err
	}
	out := reconciled{Type: "reconcile", Rollout: rec.State.Plan.ID, Owed: view.Owed(rec.State), Drift: drift}
	if opts.unhold {
		if out.Freed, err = unhold(ctx, a, rec, drift, opts, env); err != nil {
			return err
		}
		out.Drift = slices.DeleteFunc(out.Drift, func(d app.Drift) bool { return d.Held && slices.Contains(out.Freed, d.Host) })
	}
	if err := opts.out.print(env.Out, out, func() string { return reconciledText(env, rec, out) }); err != nil {
		return err
	}
	if len(out.Owed) > 0 {
		return ended{phase: rec.State.Phase, code: exitRefused} // it said so: that is not what was asked for
	}
	return nil
}

// unhold gives back the holds that Slipway put on packages.
func unhold(ctx context.Context, a *app.App, rec app.Record, drift []app.Drift, opts reconcileOptions, env Env) ([]string, error) {
	var held []string
	for _, d := range drift {
		if d.Held {
			held = append(held, d.Host)
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	if !opts.yes {
		question := fmt.Sprintf("Let packages be upgraded again on %s?", view.Names(held, 8))
		if err := confirm(ctx, env, question); err != nil {
			return nil, err
		}
	}
	return a.Unhold(ctx, rec.State.Plan, held)
}

func reconciledText(env Env, rec app.Record, r reconciled) string {
	theme := env.theme(env.Out)
	text := ""
	if len(r.Owed) > 0 {
		text += theme.Warn.Render("  still owed: "+strings.Join(r.Owed, ", ")) + "; slipway reconcile again once they can be reached\n"
	}
	if len(r.Freed) > 0 {
		text += "  given back: the hold on " + strings.Join(r.Freed, ", ") + "\n"
	}
	if len(r.Drift) == 0 {
		return text + theme.Good.Render("  hosts are as recorded") + "\n"
	}
	text += theme.Warn.Render("  drift: not as recorded") + "\n" + driftTable(theme, r.Drift)
	return text + driftAdvice(rec.State, r.Drift)
}

// driftAdvice says what can be done about what is not as recorded.
func driftAdvice(st rollout.State, all []app.Drift) string {
	p := st.Plan
	var changed []string
	held, lost := false, false
	for _, d := range all {
		switch {
		case d.Held:
			held = true
		case d.Item == "unreachable":
			lost = true
		case !slices.Contains(changed, d.Host):
			changed = append(changed, d.Host)
		}
	}
	text := ""
	if len(changed) > 0 && st.Phase == rollout.Completed {
		text += fmt.Sprintf("  slipway reconcile --env %s --hosts %s puts %s on again; files that somebody changed stay as they are\n",
			p.Environment, strings.Join(changed, ","), p.Release.Version)
	}
	if held {
		text += fmt.Sprintf("  slipway reconcile --env %s --unhold lets the package be upgraded again\n", p.Environment)
	}
	if lost {
		text += "  what cannot be reached could not be compared\n"
	}
	return text
}
