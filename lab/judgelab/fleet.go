package judgelab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/load"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// work is how long a request takes in the middle, everywhere.
const work = "40ms"

// fleet is a lab under load.
type fleet struct {
	part
	cfg      Config
	info     lab.Info
	run      *lab.Lab
	dir      string // of the state, and of Prometheus
	address  string // of Prometheus; empty: there is none
	traffic  *load.Traffic
	progress func(string)
}

// runOne brings a lab up, runs its part of the rounds, and takes it away.
func runOne(ctx context.Context, cfg Config, p part, progress func(string)) (rounds []Round, err error) {
	dir, err := os.MkdirTemp("", "jl") // short: paths of sockets lie below it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := fmt.Sprintf("judge-%d-%s-%d", os.Getpid(), p.Name, p.first)
	l, err := lab.Up(ctx, lab.Config{Name: name, Hosts: cfg.Hosts}, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		down, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, lab.Down(down, name))
	}()
	f := &fleet{part: p, cfg: cfg, info: l.Info(), run: l, dir: dir, progress: progress}
	if p.source {
		stop, err := f.prometheus(ctx)
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	if err := os.Mkdir(f.control(), 0o700); err != nil {
		return nil, err
	}
	defer f.hangUp(ctx)
	if err := f.prepare(ctx); err != nil {
		return nil, err
	}
	return f.rounds(ctx)
}

// control is where Ansible keeps its connections to hosts.
func (f *fleet) control() string { return filepath.Join(f.dir, "cp") }

// hangUp ends those connections, which would last a minute more.
func (f *fleet) hangUp(ctx context.Context) {
	sockets, _ := filepath.Glob(filepath.Join(f.control(), "*")) // the pattern is a good one
	for _, socket := range sockets {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		// One that has just ended by itself is as good.
		_ = exec.CommandContext(ctx, "ssh", "-o", "ControlPath="+socket, "-O", "exit", "any").Run()
		cancel()
	}
}

// prepare installs the first version everywhere, and begins the traffic.
func (f *fleet) prepare(ctx context.Context) error {
	for _, h := range f.info.Hosts {
		if _, err := f.run.Run(ctx, h.Name, "sh", "-c", `mkdir -p "$(dirname "$1")" && printf 'PORT=%s\nWORK=%s\n' "$2" "$3" >"$1"`,
			"-", pack.ConfigPath, fmt.Sprint(f.info.Port), work); err != nil {
			return err
		}
	}
	for _, version := range []string{"1.0.0", "1.1.0", f.Version} {
		if version == "" {
			continue
		}
		file, ok := f.info.Artifact(version)
		if !ok {
			return fmt.Errorf("the lab has no %s", version)
		}
		if err := f.slipway(ctx, nil, "build", version, "--import", file, "--arch", f.info.Hosts[0].Arch); err != nil {
			return err
		}
	}
	if err := f.manifest("    stages: [{complete: {waves: 100%}}]\n"); err != nil {
		return err
	}
	if err := f.slipway(ctx, nil, "deploy", "1.0.0", "--yes"); err != nil {
		return err
	}
	if err := f.manifest(f.stages(f.address)); err != nil {
		return err
	}
	var err error
	f.traffic, err = load.StartShape(ctx, f.info.Public+"/cart", f.cfg.Rate, f.load)
	if err != nil {
		return err
	}
	f.progress(fmt.Sprintf("%s: %d hosts run 1.0.0, with %d requests a second", f.Name, len(f.info.Hosts), f.cfg.Rate))
	return pause(ctx, f.cfg.Before)
}

// manifest replaces what the lab's slipway.yaml says from its stages on.
func (f *fleet) manifest(rest string) error {
	path := filepath.Join(f.info.Project, "slipway.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const mark = "    # from here on written by the judge's lab\n"
	head, _, marked := strings.Cut(string(text), mark)
	if !marked {
		head, _, marked = strings.Cut(head, "    stages:\n")
	}
	if !marked {
		return fmt.Errorf("%s has no stages", path)
	}
	return os.WriteFile(path, []byte(head+mark+rest), 0o644)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
