// Command judgelab shows the judge on lab hosts, prints what came of each round, and
// writes docs/judge-lab.md. `make judge-lab` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgelab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "judgelab: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var cfg judgelab.Config
	flag.StringVar(&cfg.Slipway, "slipway", "bin/slipway", "the program that judges")
	flag.IntVar(&cfg.Rounds, "rounds", 10, "rounds of each scenario")
	flag.IntVar(&cfg.Hosts, "hosts", 8, "hosts of each scenario's lab")
	flag.IntVar(&cfg.Rate, "rate", 120, "requests a second of each lab")
	flag.DurationVar(&cfg.Before, "before", 3*time.Minute, "how long traffic is seen before the first deploy")
	flag.BoolVar(&cfg.Inturn, "in-turn", false, "one scenario after the other")
	only := flag.String("only", "", "names of scenarios, with commas; all when empty")
	page := flag.String("out", "docs/judge-lab.md", "where the page goes; empty: nowhere")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; judgelab -h lists the flags", flag.Arg(0))
	}
	if *only != "" {
		cfg.Only = strings.Split(*only, ",")
	}
	path, err := filepath.Abs(cfg.Slipway)
	if err != nil {
		return err
	}
	cfg.Slipway = path
	var mu sync.Mutex
	report, err := judgelab.Run(ctx, cfg, func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), line)
	})
	if *page != "" && len(report.Rounds) > 0 { // of what was run, when it was interrupted
		if err := os.WriteFile(*page, []byte(report.Page()), 0o644); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if !report.Right() {
		return fmt.Errorf("not every round ended as it must: see %s", *page)
	}
	return nil
}
