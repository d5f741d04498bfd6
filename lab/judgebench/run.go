package judgebench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/rival"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// Config is how much is run. Seeds count from First up.
type Config struct {
	Streams    []stream.Stream
	Contenders []rival.Contender
	Cells      []stream.Cell
	Bake       time.Duration
	First      uint64
	Healthy    int // healthy rollouts a stream, spread over the cells
	Bad        int // rollouts of each bad release in each cell
	BadUsual   int // in the usual cell, of which the table tells
	BadSteady  int // the same on the stream of which medians are promised, if more
	Workers    int
}

// Usual is the cell that the table tells of.
func Usual() stream.Cell { return stream.Cell{Rate: 200, Share: 0.10} }

// Full is the run of `make bench-judge`.
func Full() Config {
	return Config{
		Streams: stream.All(), Contenders: rival.All(), Cells: stream.Cells(), Bake: 30 * time.Minute,
		First: 91_000_001, Healthy: 5004, Bad: 6, BadUsual: 100, BadSteady: 800,
	}
}

// Only leaves the stream of a name, with its own healthy releases.
func (c *Config) Only(name string) error {
	var known []string
	for _, s := range c.Streams {
		known = append(known, s.Name)
		if s.Name == name {
			s.Like = ""
			c.Streams = []stream.Stream{s}
			return nil
		}
	}
	return fmt.Errorf("stream %q is unknown; known are %s", name, strings.Join(known, ", "))
}

// Alone leaves the judge of a name.
func (c *Config) Alone(name string) error {
	for _, j := range c.Contenders {
		if j.Name == name {
			c.Contenders = []rival.Contender{j}
			return nil
		}
	}
	return fmt.Errorf("judge %q is unknown; known are %s", name, strings.Join(names(c.Contenders), ", "))
}

// job is one rollout to play.
type job struct {
	stream, cell int
	fault        stream.Fault
	seed         uint64
}

// outcome is what one judge did about one rollout.
type outcome struct {
	verdict rival.Verdict
	at      time.Duration
	hurt    float64 // requests, until then
}

// jobs lists all rollouts. Streams whose healthy traffic is another's share it.
func (c Config) jobs() []job {
	var all []job
	for i, s := range c.Streams {
		for j, cell := range c.Cells {
			if s.Like == "" {
				for n := range share(c.Healthy, len(c.Cells), j) {
					all = append(all, job{i, j, stream.Healthy(), c.First + uint64(n)})
				}
			}
			bad := c.bad(s, cell)
			for _, f := range s.Faults() {
				for n := range bad {
					all = append(all, job{i, j, f, c.First + uint64(n)})
				}
			}
		}
	}
	return all
}

// bad is how many rollouts of each bad release there are.
func (c Config) bad(s stream.Stream, cell stream.Cell) int {
	switch {
	case cell != Usual():
		return c.Bad
	case s.Name == promised:
		return max(c.BadUsual, c.BadSteady)
	}
	return c.BadUsual
}

// promised is the stream of which medians are.
const promised = "steady"

// share of n that falls to the j-th of several.
func share(n, several, j int) int {
	k := n / several
	if j < n%several {
		k++
	}
	return k
}

// Run plays all rollouts and counts. done, if not nil, is told how many of all are done.
func Run(ctx context.Context, c Config, done func(n, all int)) (Report, error) {
	jobs := c.jobs()
	results := make([][]outcome, len(jobs))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next, finished atomic.Int64
	var workers sync.WaitGroup
	for range max(1, c.Workers) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(jobs) {
					return
				}
				var err error
				if results[i], err = c.play(jobs[i]); err != nil {
					stop(err)
				}
				if n := int(finished.Add(1)); done != nil {
					done(n, len(jobs))
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return Report{}, err
	}
	return c.report(jobs, results), nil
}

// play shows one rollout to all judges at once.
func (c Config) play(j job) ([]outcome, error) {
	judges := make([]rival.Judge, len(c.Contenders))
	for i, contender := range c.Contenders {
		var err error
		if judges[i], err = contender.New(c.Bake); err != nil {
			return nil, fmt.Errorf("begin %s: %w", contender.Name, err)
		}
	}
	outcomes := make([]outcome, len(judges))
	rollout := c.Streams[j.stream].Rollout(c.Cells[j.cell], j.fault, j.seed, c.Bake)
	hurt, open := 0.0, len(judges)
	for t, ok := rollout.Next(); ok && open > 0; t, ok = rollout.Next() {
		hurt += t.Hurt
		seen := rival.Look(t.Tick, t.At+stream.Interval > c.Bake)
		for i := range judges {
			if outcomes[i].verdict != rival.Wait {
				continue
			}
			if v := judges[i].Look(seen); v != rival.Wait {
				outcomes[i] = outcome{v, t.At, hurt}
				open--
			}
		}
	}
	return outcomes, nil
}
