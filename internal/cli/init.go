package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/app"
)

type initOptions struct {
	service string
	out     output
}

func newInit(env Env) *cobra.Command {
	var opts initOptions
	c := &cobra.Command{
		Use:   "init [DIRECTORY]",
		Short: "Write slipway.yaml for a project",
		Long: `Init looks at the project (debian/, Makefile, unit files, Ansible inventories) and
writes a commented slipway.yaml. It asks nothing and never overwrites a file.`,
		Args: exactly(0, 1, "slipway init"),
		RunE: func(c *cobra.Command, args []string) error {
			dir := env.Dir
			if len(args) > 0 {
				dir = env.path(args[0])
			}
			return runInit(c.Context(), dir, opts, env)
		},
	}
	c.Flags().StringVar(&opts.service, "service", "", "name of the service; the directory's when not given")
	opts.out.bind(c)
	return c
}

func runInit(ctx context.Context, dir string, opts initOptions, env Env) error {
	made, err := app.Init(ctx, dir, opts.service)
	if err != nil {
		return err
	}
	return opts.out.print(env.Out, made, func() string {
		var b strings.Builder
		fmt.Fprintf(&b, "wrote %s\n", made.File)
		for _, f := range made.Found {
			fmt.Fprintf(&b, "  %s\n", f)
		}
		b.WriteString("look it through, then: slipway build 0.1.0 && slipway plan 0.1.0\n")
		return b.String()
	})
}
