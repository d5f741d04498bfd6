package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

func newRunbookLint(env Env) *cobra.Command {
	var opts bookOptions
	var out output
	c := &cobra.Command{
		Use:   "lint",
		Short: "Check that the runbook is whole, and that it is true",
		Long: `Lint checks that the runbook says what must hold before a deploy, how to deploy and how
to roll back, and that it is true: command lines of Slipway, environments, units, hosts,
ports and links in it are held against the manifest, the inventories and the files beside
it. It runs nothing, and asks no host.

Errors end it with exit code 3; warnings are for a person to look at.`,
		Args: exactly(0, 0, "slipway runbook lint"),
		RunE: func(c *cobra.Command, _ []string) error {
			tool := toolOf(c.Root())
			return runRunbookLint(c.Context(), opts, out, &tool, env)
		},
	}
	opts.bind(c)
	out.bind(c)
	return c
}

func runRunbookLint(ctx context.Context, opts bookOptions, out output, tool *runbook.Verb, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	linted, err := a.LintRunbook(ctx, opts.request(env), tool)
	if err != nil {
		return err
	}
	if linted.Findings == nil {
		linted.Findings = []runbook.Finding{}
	}
	if err := out.print(env.Out, linted, func() string { return lintText(env, linted) }); err != nil {
		return err
	}
	if !runbook.Fails(linted.Findings) {
		return nil
	}
	wrong := 0
	for _, f := range linted.Findings {
		if f.Severity == runbook.Error {
			wrong++
		}
	}
	return &app.Error{Kind: app.Refused, Err: fmt.Errorf("%s has %s", linted.File, view.Count(wrong, "error")), Hint: "each says above how it is mended"}
}

func lintText(env Env, linted app.Linted) string {
	theme := env.theme(env.Out)
	var b strings.Builder
	for _, f := range linted.Findings {
		style := theme.Warn
		if f.Severity == runbook.Error {
			style = theme.Bad
		}
		fmt.Fprintf(&b, "%s:%s: %s: %s [%s]\n", linted.File, f.At, style.Render(string(f.Severity)), f.Message, f.Rule)
		if f.Allowed != "" {
			fmt.Fprintf(&b, "  it can be %s\n", f.Allowed)
		}
		fmt.Fprintf(&b, "  %s\n", f.Mend)
	}
	for _, u := range linted.Unknown {
		first, _, _ := strings.Cut(u, "\n")
		fmt.Fprintf(&b, "%s\n", theme.Faint.Render(first))
	}
	if len(linted.Findings) == 0 {
		fmt.Fprintf(&b, "%s: nothing is missing, and nothing in it is known to be wrong\n", linted.File)
	}
	return b.String()
}
