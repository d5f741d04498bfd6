// Command slipway delivers services to hosts in stages, and takes them back.
package main

import (
	"os"

	"github.com/slipway-deploy/slipway/internal/cli"
)

func main() { os.Exit(cli.Main()) }
