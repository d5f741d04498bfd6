package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/manifest"
)

type compatOptions struct {
	app.CompatRequest
	out output
}

func newCompat(env Env) *cobra.Command {
	var opts compatOptions
	c := &cobra.Command{
		Use:   "compat",
		Short: "Say whether old and new can live side by side",
		Long: `Compat compares the contracts that the manifest declares, of a release and of a commit:
interfaces, messages, migrations, configuration. Each finding names file and line and what
to do instead. What refuses a deploy is marked refuse, and makes the exit code 3; what asks
for an explicit yes, since going back may not work, is marked ask.

Slipway plan compares with what hosts run; this compares with the last release before the
commit, or with --from. Only what is committed is looked at.`,
		Example: "  slipway compat\n  slipway compat --from v1.4.0 --to origin/master --output json",
		Args:    exactly(0, 0, "slipway compat"),
		RunE: func(c *cobra.Command, _ []string) error {
			opts.Dir = env.Dir
			return runCompat(c.Context(), opts, env)
		},
	}
	c.Flags().StringVarP(&opts.File, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringVar(&opts.From, "from", "", "tag or commit of what is live; the last release when it is not given")
	c.Flags().StringVar(&opts.To, "to", "", "commit of what is new; what is checked out when it is not given")
	opts.out.bind(c)
	return c
}

func runCompat(ctx context.Context, opts compatOptions, env Env) error {
	found, err := app.Compatible(ctx, opts.CompatRequest)
	if err != nil {
		return err
	}
	if err := opts.out.print(env.Out, found, func() string { return compatText(env, found) }); err != nil {
		return err
	}
	if !found.Compatible {
		return ended{phase: "refused", code: exitRefused} // why was told
	}
	return nil
}

// compatText is every finding with what to do about it, the worst first.
func compatText(env Env, c app.Compatibility) string {
	theme := env.theme(env.Out)
	var b strings.Builder
	fmt.Fprintf(&b, "%s, from %s (%.10s) to %s (%.10s)\n", c.Service, c.From.Version, c.From.Commit, c.To.Version, c.To.Commit)
	all := map[string]bool{}
	for _, f := range append(append(append(c.Breaking[:0:0], c.Breaking...), c.Unsafe...), c.Warnings...) {
		line := f.String()
		if all[line] {
			continue
		}
		all[line] = true
		level := theme.Warn
		if f.Breaking {
			level = theme.Bad
		}
		fmt.Fprintf(&b, "%s  %s: %s (%s)\n        %s\n", level.Render(fmt.Sprintf("%-6s", f.Level())), f.Place, f.What, f.Rule, f.Mend)
	}
	if c.Compatible {
		b.WriteString(theme.Good.Render("old and new can run side by side") + "\n")
	} else {
		b.WriteString(theme.Bad.Render("old and new cannot run side by side") + ": " + view.Count(len(c.Breaking), "finding") + "\n")
	}
	if c.RollbackSafe {
		b.WriteString(theme.Good.Render("going back is safe after live traffic") + "\n")
	} else {
		b.WriteString(theme.Bad.Render("going back may not work after live traffic") + ": a deploy needs --accept-no-way-back\n")
	}
	return b.String()
}
