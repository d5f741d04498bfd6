package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/local"
)

type labDownOptions struct {
	labOptions
	fleet string
}

func newLabDown(env Env) *cobra.Command {
	var opts labDownOptions
	c := &cobra.Command{
		Use: "down", Short: "Take a lab away",
		Long: `Down takes a lab away and leaves nothing behind but the cached base images. With
--fleet it takes a local fleet away, such as slipway demo --local --keep leaves: its
services, its balancer and its directory.`,
		Args: exactly(0, 0, "slipway lab down --name lab"),
		RunE: func(c *cobra.Command, args []string) error {
			if opts.fleet != "" && c.Flags().Changed("name") {
				return usagef("--name is of a lab and --fleet of a local fleet: give one of them")
			}
			return runLabDown(c.Context(), opts, env)
		},
	}
	c.Flags().StringVar(&opts.fleet, "fleet", "", "directory of the local fleet to take away instead")
	opts.bindName(c)
	return c
}

func runLabDown(ctx context.Context, opts labDownOptions, env Env) error {
	what, name := "lab", opts.config.Name
	if opts.fleet == "" {
		if err := lab.Down(ctx, name); err != nil {
			return noLab(err, name)
		}
	} else {
		what, name = "fleet", opts.fleet
		if err := fleetDown(ctx, env.path(opts.fleet)); err != nil {
			return err
		}
	}
	return opts.out.print(env.Out, map[string]string{"down": name},
		func() string { return what + " " + name + " is gone\n" })
}

// fleetDown takes the local fleet in a directory away.
func fleetDown(ctx context.Context, dir string) error {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // as the fleet calls it
	}
	err := local.Down(ctx, filepath.Clean(dir))
	if errors.Is(err, local.ErrNone) {
		return usagef("there is no local fleet in %s; slipway demo --local --keep says where the one is that it leaves", dir)
	}
	return err
}
