package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// do runs one command for Work: what it lacks of results is in the journal when it
// returns, unless it was cancelled. A command that is not pending any more is done.
func (d *drive) do(ctx context.Context, id int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// Work would swallow it, and the rollout would wait for ever.
			err = fmt.Errorf("command %d broke the engine: %v", id, p)
			d.fail(err)
		}
	}()
	if err := d.Journal.Check(ctx, d.lease); err != nil {
		d.fail(err) // no host is touched by a process that has lost the rollout
		return err
	}
	ctx, done := d.enter(ctx, id)
	if ctx == nil {
		return nil
	}
	defer done()
	// What this process knows of the state may be older than the command's end.
	s, _, err := d.Journal.Load(ctx, d.id)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		d.fail(err)
		return err
	}
	c := pending(s, id)
	if c == nil {
		return nil
	}
	if c.Kind == rollout.BakeStage {
		return d.bake(ctx, *c, s)
	}
	return d.hosts(ctx, *c, s)
}

// enter notes that a command is at work here, so that it can be cancelled. It
// returns no context when it is at work already, or the drive ends.
func (d *drive) enter(ctx context.Context, id int) (context.Context, func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping || d.running[id] != nil {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	d.running[id] = cancel
	return ctx, func() {
		cancel()
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.running, id)
	}
}

// inherit notes the commands that were pending when this drive began: an earlier one may
// have told hosts to do them, and was not there to hear what came of it.
func (d *drive) inherit(pending []rollout.Pending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	unrun := d.Unrun.From > 0 && d.Unrun.Token == d.lease.Before
	for _, p := range pending {
		d.ran[p.ID] = !unrun || p.ID < d.Unrun.From
	}
}

// again notes that a command is run, and reports whether it may have been before.
func (d *drive) again(id int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	again := d.ran[id]
	d.ran[id] = true
	return again
}

// pending returns a command with the hosts that it has no result of, or nil.
func pending(s rollout.State, id int) *rollout.Command {
	i := slices.IndexFunc(s.Pending, func(p rollout.Pending) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	c := s.Pending[i].Command
	c.Hosts = nil
	for i, h := range s.Hosts {
		if h.Command == id {
			c.Hosts = append(c.Hosts, s.Plan.Hosts[i].Name)
		}
	}
	return &c
}

// effect is what does a command for hosts.
type effect interface {
	Run(ctx context.Context, job Job, report func(Report)) error
}

func (d *drive) effect(k rollout.CommandKind) (effect, error) {
	switch k {
	case rollout.Update, rollout.Restore, rollout.CheckHosts:
		return d.Method, nil
	case rollout.Record, rollout.Drain, rollout.Expose, rollout.Return:
		if d.Traffic == nil {
			return nil, fmt.Errorf("%w: the engine has no balancer to %s hosts with", ErrUntouched, k)
		}
		return d.Traffic, nil
	}
	return nil, fmt.Errorf("%w: the engine knows no command %q", ErrUntouched, k)
}

// hosts runs a command on hosts and journals what is reported, as it comes. When the
// effect breaks, hosts without a report have failed for that reason; when it was
// cancelled they have no result, and the command is run again some time.
func (d *drive) hosts(ctx context.Context, c rollout.Command, s rollout.State) error {
	open := make(map[string]bool, len(c.Hosts))
	for _, h := range c.Hosts {
		open[h] = true
	}
	var kept sync.WaitGroup
	again := d.again(c.ID)
	keep := func(e rollout.Event) {
		if again && c.Kind == rollout.Update && e.Outcome != rollout.OK {
			// That nothing began now says nothing of the time before: the host may run
			// the release, or half of it, and must be restored and read back.
			e.Begun = true
		}
		kept.Add(1)
		d.results <- result{event: e, kept: &kept}
	}
	report := func(r Report) {
		if ctx.Err() != nil {
			return // it may come of being cut off, and says nothing about the host
		}
		if !open[r.Host] {
			d.Log.Warn("report dropped: the command has no such host, or had its result", "command", c.ID, "host", r.Host)
			return
		}
		delete(open, r.Host)
		keep(d.event(c, r))
	}
	run, err := d.effect(c.Kind)
	if err == nil {
		err = run.Run(ctx, Job{
			Plan: s.Plan, Command: c, Token: d.lease.Token, Balancer: recorded(c, s),
			Check: func(ctx context.Context) error { return d.Journal.Check(ctx, d.lease) },
		}, report)
	}
	if ctx.Err() == nil {
		for _, h := range c.Hosts {
			if open[h] {
				keep(d.event(c, missing(h, c, err)))
			}
		}
	}
	kept.Wait()
	return ctx.Err()
}

// recorded is what the balancers were when the rollout began, for the hosts of a command.
func recorded(c rollout.Command, s rollout.State) map[string]string {
	wanted := make(map[string]bool, len(c.Hosts))
	for _, h := range c.Hosts {
		wanted[h] = true
	}
	was := make(map[string]string, len(c.Hosts))
	for i, h := range s.Hosts {
		if name := s.Plan.Hosts[i].Name; wanted[name] && h.Balancer != "" {
			was[name] = h.Balancer
		}
	}
	return was
}

// missing is the report of a host that the effect has not spoken of.
func missing(host string, c rollout.Command, err error) Report {
	r := Report{Host: host, Outcome: rollout.Failed, Begun: c.Kind == rollout.Update, Reason: "nothing was reported of it"}
	if err != nil {
		r.Reason = err.Error()
	}
	if errors.Is(err, ErrUntouched) {
		r.Outcome, r.Begun = rollout.Unreachable, false
	}
	return r
}

func (d *drive) event(c rollout.Command, r Report) rollout.Event {
	return rollout.Event{
		Kind: rollout.HostDone, At: d.Clock.Now(), Command: c.ID, Host: r.Host,
		Outcome: r.Outcome, Reason: r.Reason, Begun: r.Begun, Version: r.Version, Digest: r.Digest, After: r.After,
		Equal: r.Equal, Balancer: r.Balancer, Adopted: r.Adopted, Detail: r.Detail,
	}
}
