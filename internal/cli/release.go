package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/releasable"
)

type cutOptions struct {
	version   string
	file      string
	dryRun    bool
	push      bool
	offline   bool
	changelog string
	out       output
}

func newRelease(env Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "release",
		Short: "Cut releases from commits that may be released",
		Long: `Release cuts releases: slipway release cut picks the version, builds, keeps the
artifacts, states where they come from, and tags the commit.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("slipway release has no command %q: it has cut", args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(newReleaseCut(env))
	return c
}

func newReleaseCut(env Env) *cobra.Command {
	var opts cutOptions
	c := &cobra.Command{
		Use:   "cut [VERSION]",
		Short: "Cut a release from what is checked out",
		Long: `Cut makes a release of the commit that is checked out. It refuses a dirty tree, a commit
that is not on the release branch, one whose required statuses are not green, a tag that
stands elsewhere, and a commit that brings nothing.

Without VERSION the commits since the last release make it, by conventionalcommits.org and
semver.org: what breaks moves the major number, feat the minor one, all else the patch;
before 1.0.0 what breaks moves the minor number.

It builds and keeps the artifacts, writes where they come from as an in-toto statement,
and makes an annotated tag, signed when git is set up so, with the changelog as its
message. Cut off at any point it is done again: what is there is not made twice.`,
		Example: "  slipway release cut --dry-run\n  slipway release cut 1.4.0 --push",
		Args:    exactly(0, 1, "slipway release cut 1.4.0"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.version = args[0]
			}
			return runReleaseCut(c.Context(), opts, env)
		},
	}
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().BoolVar(&opts.dryRun, "dry-run", false, "say what would be released, and change nothing")
	c.Flags().BoolVar(&opts.push, "push", false, "push the tag")
	c.Flags().BoolVar(&opts.offline, "offline", false, "do not ask the remote; go by what was fetched last")
	c.Flags().StringVar(&opts.changelog, "changelog", "", "put the section into this file as well, for the next commit")
	opts.out.bind(c)
	return c
}

func runReleaseCut(ctx context.Context, opts cutOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	cut, err := a.Cut(ctx, app.CutRequest{
		Dir: env.Dir, File: opts.file, Version: opts.version, DryRun: opts.dryRun, Push: opts.push, Offline: opts.offline,
		Changelog: opts.changelog, Program: thisVersion().Version, Output: env.Err,
	})
	if err != nil {
		return err
	}
	return opts.out.print(env.Out, cut, func() string { return cutText(env, cut) })
}

func cutText(env Env, c app.Cut) string {
	var b strings.Builder
	is := "is"
	if c.DryRun {
		is = "would be"
	}
	fmt.Fprintf(&b, "%s %s %s cut from commit %s: %s\n\n%s\n", c.Service, c.Version, is, releasable.Short(c.Commit), c.Why, c.Changelog)
	if c.DryRun {
		fmt.Fprintf(&b, "tag %s; nothing was changed\n", c.Tag)
		return b.String()
	}
	var rows [][]string
	for _, a := range c.Release.Artifacts {
		rows = append(rows, []string{a.Name, a.Version, a.Arch, a.Format, size(a.Size), a.Digest})
	}
	b.WriteString(env.theme(env.Out).Table([]string{"name", "version", "arch", "format", "size", "digest"}, rows))
	signed := "not signed"
	if c.Signed {
		signed = "signed"
	}
	fmt.Fprintf(&b, "%s kept; where they come from, %s, is in %s\n", view.Count(len(c.Release.Artifacts), "artifact"), signed, c.Provenance)
	switch {
	case c.Pushed:
		fmt.Fprintf(&b, "tag %s pushed to %s\n", c.Tag, c.Remote)
	case c.Remote != "":
		fmt.Fprintf(&b, "tag %s made; git push %s %s shares it\n", c.Tag, c.Remote, c.Tag)
	default:
		fmt.Fprintf(&b, "tag %s made\n", c.Tag)
	}
	fmt.Fprintf(&b, "slipway deploy %s brings it to hosts\n", c.Version)
	return b.String()
}
