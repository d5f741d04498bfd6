// Command checkout is the sample service on a host.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/slipway-deploy/slipway/lab/sample"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(sample.Main(ctx, os.Getenv, os.Stderr))
}
