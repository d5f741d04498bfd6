package cli

import (
	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/lab/sample"
)

// newSample runs the sample service itself, for labs on machines without Go.
func newSample(env Env) *cobra.Command {
	return &cobra.Command{
		Use: sample.Command, Hidden: true, Short: "Serve as the sample service of a lab",
		Args: exactly(0, 0, "slipway "+sample.Command),
		RunE: func(c *cobra.Command, args []string) error {
			if code := sample.Main(c.Context(), env.Getenv, env.Err); code != 0 {
				return ended{code: code}
			}
			return nil
		},
	}
}
