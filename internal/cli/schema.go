package cli

import (
	"bytes"

	"github.com/spf13/cobra"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

func newSchema(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of slipway.yaml",
		Long:  "Schema prints the JSON Schema of slipway.yaml, for editors and other tools.",
		Args:  exactly(0, 0, "slipway schema > slipway.schema.json"),
		RunE: func(c *cobra.Command, args []string) error {
			schema, err := manifest.Schema()
			if err != nil {
				return err
			}
			_, err = env.Out.Write(append(bytes.TrimRight(schema, "\n"), '\n'))
			return err
		},
	}
}
