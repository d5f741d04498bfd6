package notifybench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/lab/local"
)

// Config says what to measure.
type Config struct {
	Slipway string        // absolute path of the program
	Rounds  int           // that count; one more comes before
	Hosts   int           // of each fleet
	Bake    time.Duration // of the canary: a rollout takes about three seconds more
}

// Row is one contender.
type Row struct {
	Name, About string
	Rollouts    []time.Duration // from the start to the end of each rollout
	Commands    []time.Duration // of the whole command
}

// fleet is where a contender deploys.
type fleet struct {
	contender
	*local.Fleet
	state string
	stop  func()
	row   Row
	next  int
}

// Run measures. In each round every contender deploys once, each time in another order.
func Run(ctx context.Context, cfg Config, progress func(string)) (rows []Row, err error) {
	dir, err := os.MkdirTemp("", "nb") // short: paths of sockets lie below it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithCancel(ctx)
	var all []*fleet
	defer func() {
		cancel()
		for _, f := range all {
			f.stop()
			err = errors.Join(err, f.Down(context.WithoutCancel(ctx)))
		}
	}()
	for i, c := range contenders() {
		f, err := bring(ctx, cfg, c, filepath.Join(dir, fmt.Sprint(i)), filepath.Join(dir, "cache"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, f)
	}
	for round := range cfg.Rounds + 1 {
		for i := range all {
			f := all[(i*3+round)%len(all)] // 8 contenders: each follows another one each round
			if err := f.deploy(ctx, cfg, round > 0); err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", f.name, round, err)
			}
		}
		progress(fmt.Sprintf("round %d of %d", round, cfg.Rounds))
	}
	for _, f := range all {
		rows = append(rows, f.row)
	}
	return rows, nil
}

// bring makes the fleet of a contender, and its project.
func bring(ctx context.Context, cfg Config, c contender, dir, cache string) (*fleet, error) {
	l, err := local.Up(ctx, local.Config{Dir: dir, Hosts: cfg.Hosts, Cache: cache}, nil)
	if err != nil {
		return nil, err
	}
	f := &fleet{contender: c, Fleet: l, state: dir + ".state", row: Row{Name: c.name, About: c.about}}
	url, stop := c.serve(ctx)
	f.stop = stop
	info := l.Info()
	path := filepath.Join(info.Project, "slipway.yaml")
	text, err := os.ReadFile(path)
	if err == nil {
		head, _, _ := strings.Cut(string(text), "    stages:\n")
		head += fmt.Sprintf("    max_out: 50%%\n    stages:\n      - internal: {hosts: 1}\n      - canary: {hosts: 1, bake: %s, judge: {}}\n      - complete: {waves: 50%%}\n", cfg.Bake)
		if c.name != without {
			head += fmt.Sprintf("    notify: [{webhook: {url: %q}}]\n", url)
		}
		err = os.WriteFile(path, []byte(head), 0o644)
	}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if err == nil {
			file, _ := info.Artifact(version)
			_, err = f.slipway(ctx, cfg, "build", version, "--import", file, "--arch", info.Hosts[0].Arch)
		}
	}
	if err != nil {
		stop()
		return nil, errors.Join(err, l.Down(context.WithoutCancel(ctx)))
	}
	return f, nil
}

// deploy deploys the version that does not run, and notes how long that took.
func (f *fleet) deploy(ctx context.Context, cfg Config, counts bool) error {
	version := []string{"1.0.0", "1.1.0"}[f.next%2]
	f.next++
	start := time.Now()
	out, err := f.slipway(ctx, cfg, "deploy", version, "--yes", "--output", "json")
	took := time.Since(start)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var summary struct {
		Phase   string  `json:"phase"`
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Phase != "completed" {
		return fmt.Errorf("it was to complete: %w: %s", err, lines[len(lines)-1])
	}
	if counts {
		f.row.Commands = append(f.row.Commands, took)
		f.row.Rollouts = append(f.row.Rollouts, time.Duration(summary.Seconds*float64(time.Second)))
	}
	return nil
}

func (f *fleet) slipway(ctx context.Context, cfg Config, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, cfg.Slipway, args...)
	cmd.Dir = f.Info().Project
	cmd.Env = append(os.Environ(), "SLIPWAY_STATE="+f.state, "SLIPWAY_JOURNAL=", "SLIPWAY_USER=bench-notify", "NO_COLOR=1")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("slipway %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), nil
}

// Ratio is the ratio of medians to the contender without a channel, of rollouts and of
// commands.
func Ratio(rows []Row, i int) (rollouts, commands float64) {
	return median(rows[i].Rollouts).Seconds() / median(rows[0].Rollouts).Seconds(),
		median(rows[i].Commands).Seconds() / median(rows[0].Commands).Seconds()
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
