// Command slipway-host does the work of slipway on a host: see internal/host/call.
package main

import (
	"context"
	"os"

	"github.com/slipway-deploy/slipway/internal/host/call"
)

func main() {
	os.Exit(call.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
