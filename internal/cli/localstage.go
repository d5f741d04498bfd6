package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/lab/local"
)

// balanceCommand is the hidden command that balances a local fleet.
const balanceCommand = "lab-balance"

// localStage makes a fleet of processes on this machine.
func localStage(ctx context.Context, opts demoOptions, why string, say func(string)) (stage, error) {
	dir, err := os.MkdirTemp("", "slipway-demo-")
	if err != nil {
		return stage{}, err
	}
	cfg := local.Config{Dir: filepath.Join(dir, "fleet"), Hosts: opts.hosts, Fallback: program()}
	if file := program(); file != "" && opts.keep {
		cfg.Balancer = []string{file, balanceCommand}
	}
	fleet, err := local.Up(ctx, cfg, say)
	if err != nil {
		return stage{}, errors.Join(err, os.RemoveAll(dir))
	}
	info := fleet.Info()
	return stage{
		kind: "local", why: why, directory: dir, project: info.Project, format: info.Format, public: info.Public,
		artifacts: info.Artifacts, end: "its processes end when they are killed; then remove " + dir,
		down: func(ctx context.Context) error { return errors.Join(fleet.Down(ctx), os.RemoveAll(dir)) },
	}, nil
}

// newBalance runs the balancer of a local fleet that outlives the demo.
func newBalance() *cobra.Command {
	return &cobra.Command{
		Use: balanceCommand, Hidden: true, Short: "Balance a local fleet",
		Args: exactly(1, 1, "slipway "+balanceCommand+" FILE"),
		RunE: func(c *cobra.Command, args []string) error { return local.Balance(c.Context(), args[0]) },
	}
}
