package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/lab/local"
)

// localStage makes a fleet of processes on this machine.
func localStage(ctx context.Context, opts demoOptions, why string, say func(string)) (stage, error) {
	dir, err := os.MkdirTemp("", "slipway-demo-")
	if err != nil {
		return stage{}, err
	}
	cfg := local.Config{Dir: dir, Hosts: opts.hosts, Fallback: program()}
	if file := program(); file != "" && opts.keep {
		cfg.Balancer = []string{file, local.Command}
	}
	fleet, err := local.Up(ctx, cfg, say)
	if err != nil {
		return stage{}, errors.Join(err, os.RemoveAll(dir))
	}
	info := fleet.Info()
	return stage{
		kind: "local", why: why, directory: info.Directory, project: info.Project, format: info.Format, public: info.Public,
		artifacts: info.Artifacts, end: "slipway lab down --fleet " + info.Directory + " takes it away", down: fleet.Down,
	}, nil
}

// newBalance runs the balancer of a local fleet that outlives the demo.
func newBalance() *cobra.Command {
	return &cobra.Command{
		Use: local.Command, Hidden: true, Short: "Balance a local fleet",
		Args: exactly(1, 1, "slipway "+local.Command+" FILE"),
		RunE: func(c *cobra.Command, args []string) error { return local.Balance(c.Context(), args[0]) },
	}
}
