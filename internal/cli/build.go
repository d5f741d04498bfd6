package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

type buildOptions struct {
	version string
	file    string
	arch    []string
	imports []string
	out     output
}

func newBuild(env Env) *cobra.Command {
	var opts buildOptions
	c := &cobra.Command{
		Use:   "build [VERSION]",
		Short: "Build a release, or import one, and keep it",
		Long: `Build runs the build command of slipway.yaml, checks what it made, and keeps it by its
digest. With --import it keeps artifacts that somebody else built. A version that is
kept is never changed.`,
		Example: "  slipway build 1.4.0\n  slipway build 1.4.0 --import dist/checkout_1.4.0_amd64.deb",
		Args:    exactly(0, 1, "slipway build 1.4.0"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.version = args[0]
			}
			return runBuild(c.Context(), opts, env)
		},
	}
	c.Flags().StringVarP(&opts.file, "file", "f", manifest.Name, "the project's manifest")
	c.Flags().StringSliceVar(&opts.arch, "arch", nil, "architectures, by Debian's names: amd64, arm64")
	c.Flags().StringSliceVar(&opts.imports, "import", nil, "keep these files instead of building")
	opts.out.bind(c)
	return c
}

func runBuild(ctx context.Context, opts buildOptions, env Env) error {
	a, err := env.app(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	files := make([]string, len(opts.imports))
	for i, f := range opts.imports {
		files[i] = env.path(f)
	}
	release, err := a.Build(ctx, app.BuildRequest{
		Dir: env.Dir, File: opts.file, Version: opts.version, Arch: opts.arch, Import: files, Output: env.Err,
	})
	if err != nil {
		return err
	}
	return opts.out.print(env.Out, release, func() string { return releaseText(env, release) })
}

func releaseText(env Env, r rollout.Release) string {
	var b strings.Builder
	var rows [][]string
	for _, a := range r.Artifacts {
		rows = append(rows, []string{a.Name, a.Version, a.Arch, a.Format, size(a.Size), a.Digest})
	}
	b.WriteString(env.theme(env.Out).Table([]string{"name", "version", "arch", "format", "size", "digest"}, rows))
	if r.Commit != "" {
		fmt.Fprintf(&b, "commit %s\n", r.Commit)
	}
	fmt.Fprintf(&b, "%s kept; slipway deploy %s brings it to hosts\n", view.Count(len(r.Artifacts), "artifact"), r.Version)
	return b.String()
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1000_000)
}
