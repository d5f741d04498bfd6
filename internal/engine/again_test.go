package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestAHostThatMayHaveBegunBeforeIsRestored: an update is cut off, the next drive runs it
// again and cannot reach one host, and truly says that nothing began there this time. What
// began there before is not known, so the host must not serve before it was restored.
func TestAHostThatMayHaveBegunBeforeIsRestored(t *testing.T) {
	t.Parallel()
	p := journaltest.Balanced(journaltest.Plan("R1", 5))
	p.Budget = 5
	w := newWorld(t, p)
	c := &cutOff{fleet: w.fleet, abandon: make(chan struct{})}
	w.cfg.Method, w.cfg.Abandon = c, c.abandon
	end := <-w.drive(t.Context())
	if !errors.Is(end.err, engine.ErrInterrupted) || len(end.state.Pending) != 1 {
		t.Fatalf("%s with %d pending, %v", end.state.Phase, len(end.state.Pending), end.err)
	}
	cut := end.state.Pending[0]
	lost := cut.Hosts[0]
	w.cfg.Abandon = nil
	w.fleet.script = func(job engine.Job, host string) engine.Report {
		if job.Command.ID == cut.ID && host == lost {
			return engine.Report{Outcome: rollout.Unreachable, Reason: "no route to host"}
		}
		return engine.Report{}
	}
	s := w.run(t)
	if n := w.did(rollout.Restore); n == 0 {
		t.Errorf("%s, and %s was not restored: %+v", s.Phase, lost, s.Hosts)
	}
}

// TestAHostThatWasNeverAskedIsNotRestored: the same report of the first run of a command
// is believed.
func TestAHostThatWasNeverAskedIsNotRestored(t *testing.T) {
	t.Parallel()
	p := journaltest.Balanced(journaltest.Plan("R1", 5))
	p.Budget = 5
	w := newWorld(t, p)
	lost := p.Stages[0].Hosts()[0]
	w.fleet.script = func(job engine.Job, host string) engine.Report {
		if job.Command.Kind == rollout.Update && host == lost {
			return engine.Report{Outcome: rollout.Unreachable, Reason: "no route to host"}
		}
		return engine.Report{}
	}
	s := w.run(t)
	if n := w.did(rollout.Restore); n != 0 {
		t.Errorf("%s after %d restores of hosts that nobody changed", s.Phase, n)
	}
}

// TestARequestThatNobodyRanIsNotRunAgain: what a request issues while nobody drives is run
// for the first time by whoever drives next, if that one can tell; and if another owner
// came between, it is not known any more.
func TestARequestThatNobodyRanIsNotRunAgain(t *testing.T) {
	t.Parallel()
	for _, between := range []bool{false, true} {
		p := journaltest.Plan("R1", 3)
		p.Budget = 3
		p.Stages[0].Approval = true
		w := newWorld(t, p)
		w.run(t)
		token, idle, err := w.cfg.Journal.Idle(t.Context(), "R1")
		if err != nil || !idle {
			t.Fatalf("idle %v, %v", idle, err)
		}
		w.cfg.Unrun = engine.Unrun{Token: token, From: 1}
		w.ask(t, rollout.Promote)
		if between {
			l, err := w.cfg.Journal.Acquire(t.Context(), "R1", journal.Self("another"), time.Minute)
			if err == nil {
				err = w.cfg.Journal.Release(t.Context(), l)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		lost := p.Stages[0].Hosts()[0]
		w.fleet.script = func(job engine.Job, host string) engine.Report {
			if job.Command.Kind == rollout.Update && host == lost {
				return engine.Report{Outcome: rollout.Unreachable, Reason: "no route to host"}
			}
			return engine.Report{}
		}
		s := w.run(t)
		if n := w.did(rollout.Restore); (n != 0) != between {
			t.Errorf("%s after %d restores; another owner between: %v", s.Phase, n, between)
		}
	}
}
