package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// cutOff is a fleet whose first update lasts until it is cut off, and then, as Ansible
// does that was interrupted, speaks ill of its hosts.
type cutOff struct {
	*fleet
	first   sync.Once
	abandon chan struct{}
}

func (c *cutOff) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	if job.Command.Kind == rollout.Update {
		c.first.Do(func() {
			close(c.abandon)
			<-ctx.Done()
			for _, h := range job.Command.Hosts {
				report(engine.Report{Host: h, Outcome: rollout.Unreachable, Reason: "interrupted", Begun: true})
			}
		})
	}
	return c.fleet.Run(ctx, job, report)
}

// TestAbandonWaitsForNoHost: an abandoned run ends without a result of the hosts at
// work, is nobody's afterwards, and the next one does what was left.
func TestAbandonWaitsForNoHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Plan("R1", 5))
	c := &cutOff{fleet: w.fleet, abandon: make(chan struct{})}
	w.cfg.Method, w.cfg.Abandon = c, c.abandon
	end := <-w.drive(t.Context())
	if !errors.Is(end.err, engine.ErrInterrupted) || len(end.state.Pending) != 1 {
		t.Fatalf("%s with %d pending, %v", end.state.Phase, len(end.state.Pending), end.err)
	}
	for _, h := range end.state.Hosts {
		if h.Failure != "" || h.Begun {
			t.Errorf("being cut off is held against a host: %+v", h)
		}
	}
	if o, held, err := w.j.Owner(t.Context(), "R1"); err != nil || held {
		t.Errorf("the rollout is still %s's, %v", o, err)
	}
	w.cfg.Abandon = nil
	if s := w.run(t); s.Phase != rollout.Completed || w.did(rollout.Update) != 5 {
		t.Errorf("%s after %d updates", s.Phase, w.did(rollout.Update))
	}
}
