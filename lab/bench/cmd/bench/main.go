// Command bench measures Slipway beside others on lab hosts, prints a table, and
// writes docs/bench.md. `make bench` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/slipway-deploy/slipway/lab/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var cfg bench.Config
	flag.StringVar(&cfg.Slipway, "slipway", "bin/slipway", "the program that is measured")
	flag.StringVar(&cfg.Lab, "lab", "bench", "name of the lab; one that is up is used and left up")
	flag.IntVar(&cfg.Hosts, "hosts", 20, "how many hosts a lab gets that is not up")
	flag.IntVar(&cfg.Rounds, "rounds", 5, "how many rounds count")
	flag.Int64Var(&cfg.Size, "size", 10<<20, "bytes of an artifact")
	page := flag.String("out", "docs/bench.md", "where the page goes")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; bench -h lists the flags", flag.Arg(0))
	}
	path, err := filepath.Abs(cfg.Slipway)
	if err != nil {
		return err
	}
	cfg.Slipway = path
	report, err := bench.Run(ctx, cfg, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	fmt.Print(report.Table())
	return os.WriteFile(*page, []byte(report.Page()), 0o644)
}
