// Command judgebench compares judges of a canary on seeded traffic, prints what was to be
// reached, and writes docs/bench-judge.md. `make bench-judge` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "judgebench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	c := judgebench.Full()
	only := flag.String("stream", "", "run one stream only, by its name; the page is then not written")
	judge := flag.String("judge", "", "run one judge only, by its name; the page is then not written")
	flag.DurationVar(&c.Bake, "bake", c.Bake, "how long a bake is")
	flag.Uint64Var(&c.First, "seed", c.First, "first seed")
	flag.IntVar(&c.Healthy, "healthy", c.Healthy, "healthy rollouts a stream, over all cells")
	flag.IntVar(&c.Bad, "bad", c.Bad, "rollouts of each bad release in each cell")
	flag.IntVar(&c.BadUsual, "bad-usual", c.BadUsual, "the same, in the cell that the table tells of")
	flag.IntVar(&c.BadSteady, "bad-steady", c.BadSteady, "the same on the steady stream, of which medians are promised, if more")
	flag.IntVar(&c.Workers, "workers", runtime.NumCPU(), "rollouts played at once")
	page := flag.String("out", "docs/bench-judge.md", "where the page goes; empty: standard output")
	jsonPath := flag.String("json", "", "where all rows go as JSON")
	csvPath := flag.String("csv", "", "where all rows go as CSV")
	times := flag.Bool("times", false, "print the table of times in docs/judge.md instead")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; judgebench -h lists the flags", flag.Arg(0))
	}
	if *times {
		table, err := judgebench.Times(ctx, 240, c.Workers)
		fmt.Print(table)
		return err
	}
	if err := narrow(&c, *only, *judge); err != nil {
		return err
	}
	if *only != "" || *judge != "" {
		*page = ""
	}
	debug.SetGCPercent(400) // rollouts are short-lived; memory stays under 200 MB
	began := time.Now()
	report, err := judgebench.Run(ctx, c, progress)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "took %s\n", time.Since(began).Round(time.Second))
	return write(report, *page, *jsonPath, *csvPath)
}

// narrow leaves one stream, or one judge, where they are named.
func narrow(c *judgebench.Config, only, judge string) error {
	if only != "" {
		if err := c.Only(only); err != nil {
			return err
		}
	}
	if judge != "" {
		return c.Alone(judge)
	}
	return nil
}

func progress(n, all int) {
	if n == all || n%1000 == 0 {
		fmt.Fprintf(os.Stderr, "%d of %d rollouts\n", n, all)
	}
}

func write(r judgebench.Report, page, jsonPath, csvPath string) error {
	if page == "" {
		fmt.Print(r.Page())
	} else {
		fmt.Print(r.Targets())
		if err := os.WriteFile(page, []byte(r.Page()), 0o644); err != nil {
			return err
		}
	}
	if err := save(jsonPath, r.WriteJSON); err != nil {
		return err
	}
	return save(csvPath, r.WriteCSV)
}

// save writes a file; an empty path writes none.
func save(path string, to func(io.Writer) error) (err error) {
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := to(f); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}
