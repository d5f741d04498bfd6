package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// Config is what is measured.
type Config struct {
	Slipway string // path of the program
	Lab     string // a lab of this name is used when it is up, else it is brought up and taken away
	Hosts   int    // of a lab that is brought up
	Rounds  int    // that count; one more goes before them
	Size    int64  // of an artifact, about
}

// Run measures everything and returns what came of it. progress gets a line for each
// thing done.
func Run(ctx context.Context, cfg Config, progress func(string)) (r Report, err error) {
	if cfg.Hosts < 1 || cfg.Rounds < 1 || cfg.Size < 1 {
		return r, fmt.Errorf("measure %d hosts in %d rounds with an artifact of %d bytes: each must be at least 1", cfg.Hosts, cfg.Rounds, cfg.Size)
	}
	r = Report{Date: time.Now().UTC(), Size: cfg.Size}
	if r.Machine, err = describe(ctx); err != nil {
		return r, err
	}
	progress("engine alone, on 10,000 simulated hosts")
	if r.Engine, err = engine(ctx); err != nil {
		return r, err
	}
	l, down, err := hosts(ctx, cfg, progress)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, down()) }()
	dir, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	info := l.Info()
	b := &bench{cfg: cfg, lab: l, info: info, dir: dir, progress: progress}
	r.Hosts = len(info.Hosts)
	r.Rows, err = b.run(ctx)
	return r, err
}

// hosts opens a lab, or brings it up; down takes away what was brought up.
func hosts(ctx context.Context, cfg Config, progress func(string)) (l *lab.Lab, down func() error, err error) {
	l, err = lab.Open(cfg.Lab)
	if err == nil {
		return l, func() error { return nil }, nil
	}
	if !errors.Is(err, lab.ErrNone) {
		return nil, nil, err
	}
	l, err = lab.Up(ctx, lab.Config{Name: cfg.Lab, Hosts: cfg.Hosts}, progress)
	if err != nil {
		return nil, nil, err
	}
	return l, func() error { return l.Down(context.WithoutCancel(ctx)) }, nil
}

// bench is one run.
type bench struct {
	cfg      Config
	lab      *lab.Lab
	info     lab.Info
	dir      string // private files of the run
	progress func(string)
}

// run sets everything up and measures round after round. The first round brings every
// contender's first version to the hosts, and is not counted.
func (b *bench) run(ctx context.Context) ([]Row, error) {
	if b.info.Format != lab.Tarball {
		return nil, fmt.Errorf("lab %s is for %s: it must be for %s", b.info.Name, b.info.Format, lab.Tarball)
	}
	all, err := b.contenders()
	if err != nil {
		return nil, err
	}
	if err := b.setUp(ctx, all); err != nil {
		return nil, err
	}
	releases, err := b.packer()
	if err != nil {
		return nil, err
	}
	var t times
	for round := range b.cfg.Rounds + 1 {
		for i := range all {
			c := all[(i+round)%len(all)]
			if err := b.turn(ctx, c, round, releases, &t); err != nil {
				return nil, fmt.Errorf("round %d: %s: %w", round, c.name, err)
			}
		}
		if err := releases.forget(); err != nil {
			return nil, err
		}
	}
	return t.rows(), b.connections().end(ctx)
}

// turn lets one contender do what it does, each thing from cold connections.
func (b *bench) turn(ctx context.Context, c contender, round int, releases *packer, t *times) error {
	var next release
	if c.port != 0 {
		var err error
		if next, err = releases.next(c.name); err != nil {
			return err
		}
	}
	if c.ready != nil {
		if err := c.ready(ctx, next); err != nil {
			return err
		}
	}
	for _, s := range c.steps {
		if err := b.connections().end(ctx); err != nil {
			return err
		}
		start := time.Now()
		if err := s.run(ctx, next); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		took := time.Since(start)
		b.progress(fmt.Sprintf("round %d: %s: %.1f s", round, s.name, took.Seconds()))
		want := next.version
		if s.back {
			want = releases.first(c.name)
		}
		if err := b.serves(ctx, c.port, want); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if round > 0 {
			t.add(s.name, took)
		}
		// The very first version stays: there is nothing to go back to.
		if round == 0 {
			break
		}
	}
	return nil
}
