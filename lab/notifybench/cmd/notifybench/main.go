// Command notifybench measures rollouts with channels that fail beside one without, and
// writes the table of docs/notify.md. `make bench-notify` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/notifybench"
)

// most is how much slower a rollout with a channel may be.
const most = 1.05

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "notifybench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var cfg notifybench.Config
	flag.StringVar(&cfg.Slipway, "slipway", "bin/slipway", "the program that is measured")
	flag.IntVar(&cfg.Rounds, "rounds", 7, "how many rounds count")
	flag.IntVar(&cfg.Hosts, "hosts", 4, "hosts of a fleet")
	flag.DurationVar(&cfg.Bake, "bake", 5*time.Second, "how long the canary bakes")
	page := flag.String("out", "docs/notify.md", "where the table goes; empty: nowhere")
	flag.Parse()
	if flag.NArg() > 0 || cfg.Rounds < 1 {
		return fmt.Errorf("it takes flags only, and one round or more; notifybench -h lists them")
	}
	path, err := filepath.Abs(cfg.Slipway)
	if err != nil {
		return err
	}
	cfg.Slipway = path
	rows, err := notifybench.Run(ctx, cfg, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	table := notifybench.Table(cfg, rows)
	fmt.Print(table)
	if *page != "" {
		text, err := os.ReadFile(*page)
		if err != nil {
			return err
		}
		placed, err := notifybench.Place(string(text), table)
		if err != nil {
			return fmt.Errorf("%s: %w", *page, err)
		}
		if err := os.WriteFile(*page, []byte(placed), 0o644); err != nil {
			return err
		}
	}
	for i, r := range rows {
		if rollouts, commands := notifybench.Ratio(rows, i); rollouts > most || commands > most {
			return fmt.Errorf("with %s a rollout takes more than %v times as long as without a channel", r.Name, most)
		}
	}
	return nil
}
