package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// balancer is a source that may be asked at any time, and says whom it was asked of. It
// answers so many times, and no more until it is told that nobody wants to know.
type balancer struct {
	answers int
	asked   chan []string
}

func (b *balancer) Light() bool { return true }

func (b *balancer) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	if b.answers == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b.answers--
	b.asked <- hosts
	return each(hosts, 777, "", 0), nil
}

// TestHostsAreObservedBeforeTheyAreChanged: a source that knows no past, and may be asked at
// any time, is asked while the balancers are read and the first host is updated. What it says
// of a host counts until something is done to that one.
func TestHostsAreObservedBeforeTheyAreChanged(t *testing.T) {
	t.Parallel()
	const times = 3 // that it answers, while either goes on
	w := newWorld(t, judged(journaltest.Balanced(journaltest.Plan("R1", 3))))
	sources := make(chan engine.Source, 1)
	light := &balancer{answers: 2 * times, asked: make(chan []string)}
	sources <- light
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) {
		select {
		case s := <-sources:
			return s, nil
		default: // the bake's own
			return &counter{canary: 0.01, baseline: 0.01}, nil
		}
	}
	done := map[rollout.CommandKind]chan struct{}{rollout.Record: make(chan struct{}), rollout.Update: make(chan struct{})}
	began := make(chan rollout.CommandKind, 10)
	w.fleet.before = func(ctx context.Context, job engine.Job) error {
		if done[job.Command.Kind] == nil || job.Command.Stage > 0 {
			return nil
		}
		began <- job.Command.Kind
		select {
		case <-done[job.Command.Kind]:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	ended := w.drive(t.Context())
	var asked []string
	for _, k := range []rollout.CommandKind{rollout.Record, rollout.Update} {
		if got := <-began; got != k {
			t.Fatalf("%s instead of %s", got, k)
		}
		for range times {
			if len(asked) > 0 {
				w.clock.advance(t, 15*time.Second)
			}
			asked = append(asked, fmt.Sprintf("%s: %s", k, strings.Join(<-light.asked, " ")))
		}
		close(done[k])
	}
	if end := tide(t, w, ended); end.err != nil {
		t.Fatal(end.err)
	}
	if want := strings.Repeat("record: host00000 host00001 host00002\n", times) + strings.Repeat("update: host00001 host00002\n", times); strings.Join(asked, "\n")+"\n" != want {
		t.Errorf("asked of\n%s", strings.Join(asked, "\n"))
	}
	looks, err := w.j.Samples(t.Context(), "R1", bakeOf(t, w, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]int{}
	for _, l := range looks {
		for line := range strings.Lines(l.Body) {
			for _, who := range []string{`"canary-before","host":"host00000"`, `"baseline-before","host":"host00001"`} {
				if strings.Contains(line, who) && strings.Contains(line, `"exposure":777`) {
					kept[who]++
				}
			}
		}
	}
	// The first answer is of a time that nobody knows; the last may be as late as the bake.
	if n := kept[`"canary-before","host":"host00000"`]; n != times-1 {
		t.Errorf("%d answers kept of the canary, want %d", n, times-1)
	}
	if n := kept[`"baseline-before","host":"host00001"`]; n != 2*times-1 && n != 2*times-2 {
		t.Errorf("%d answers kept of the baseline", n)
	}
}
