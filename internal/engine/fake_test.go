package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// fleet is hosts in memory. It does what every good method and balancer does: it
// reports each host once, and does no command twice on a host.
type fleet struct {
	// script says how a command ends on a host; nil, or an empty outcome: well.
	script func(engine.Job, string) engine.Report
	// before is called before a job begins; an error ends the job.
	before func(context.Context, engine.Job) error

	mu   sync.Mutex
	log  []string // "update 3 host00001", one for each thing done
	done map[string]bool
}

func (f *fleet) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	if f.before != nil {
		if err := f.before(ctx, job); err != nil {
			return err
		}
	}
	for _, h := range job.Command.Hosts {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		report(f.one(job, h))
	}
	return nil
}

func (f *fleet) one(job engine.Job, host string) engine.Report {
	r := engine.Report{Host: host}
	if f.script != nil {
		r = f.script(job, host)
		r.Host = host
	}
	r.Adopted = f.note(fmt.Sprintf("%s %d %s", job.Command.Kind, job.Command.ID, host))
	if r.Outcome != "" {
		return r
	}
	r.Outcome, r.Balancer = rollout.OK, "ready"
	switch job.Command.Kind {
	case rollout.Update:
		r.Begun, r.Version, r.Digest = true, job.Plan.Release.Version, "sha256:before"
	case rollout.Restore:
		r.Equal, r.Version = true, "1.0.0"
	}
	return r
}

func (f *fleet) note(what string) (adopted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done[what] {
		return true
	}
	if f.done == nil {
		f.done = map[string]bool{}
	}
	f.done[what] = true
	f.log = append(f.log, what)
	return false
}

// did counts what was done, by the kind of the command.
func (f *fleet) did(k rollout.CommandKind) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, line := range f.log {
		var kind, rest string
		if _, err := fmt.Sscanf(line, "%s %s", &kind, &rest); err == nil && kind == string(k) {
			n++
		}
	}
	return n
}

// memory is engine.Work that forgets everything with its process.
type memory struct {
	mu     sync.Mutex
	run    func(context.Context, int) error
	ctx    context.Context
	cancel context.CancelFunc
	busy   map[int]bool
	wg     sync.WaitGroup
}

func (m *memory) Start(ctx context.Context, _ string, run func(context.Context, int) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ctx, m.cancel = context.WithCancel(ctx)
	m.run, m.busy = run, map[int]bool{}
	return nil
}

func (m *memory) Enqueue(_ context.Context, _ string, command int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy[command] {
		return nil
	}
	m.busy[command] = true
	m.wg.Go(func() {
		_ = m.run(m.ctx, command)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.busy[command] = false
	})
	return nil
}

func (m *memory) Stop(string) error {
	if m.cancel != nil {
		m.cancel()
	}
	m.wg.Wait()
	return nil
}

func (m *memory) Forget(context.Context, string) error { return nil }

// clock is a test's time: it stands still until it is moved.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []alarm
	asked   chan struct{} // gets a value when somebody begins to wait
}

type alarm struct {
	at time.Time
	ch chan time.Time
}

func newClock(now time.Time) *clock { return &clock{now: now, asked: make(chan struct{}, 100)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := alarm{at: c.now.Add(d), ch: make(chan time.Time, 1)}
	if d <= 0 {
		a.ch <- c.now
		return a.ch
	}
	c.waiting = append(c.waiting, a)
	c.asked <- struct{}{}
	return a.ch
}

// advance moves the time on once somebody waits for it.
func (c *clock) advance(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-c.asked:
	case <-time.After(20 * time.Second):
		t.Fatal("nobody waits for the clock")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waiting = slices.DeleteFunc(c.waiting, func(a alarm) bool {
		if a.at.After(c.now) {
			return false
		}
		a.ch <- c.now
		return true
	})
}
