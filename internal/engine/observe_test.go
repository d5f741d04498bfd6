package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
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
	kept := keptOf(t, w)
	// The first answer is of a time that nobody knows; the last may be as late as the bake.
	if n := kept[`"canary-before","host":"host00000"`]; n != times-1 {
		t.Errorf("%d answers kept of the canary, want %d", n, times-1)
	}
	if n := kept[`"baseline-before","host":"host00001"`]; n != 2*times-1 && n != 2*times-2 {
		t.Errorf("%d answers kept of the baseline", n)
	}
}

// keptOf is how many answers of a balancer the first bake knows, of the canary and of a baseline host.
func keptOf(t *testing.T, w *world) map[string]int {
	t.Helper()
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
	return kept
}

// TestWhatWasObservedOutlivesTheProcess: it is killed while the balancers are read, and another one goes on.
func TestWhatWasObservedOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	const times = 4
	w := newWorld(t, judged(journaltest.Balanced(journaltest.Plan("R1", 3))))
	light := &balancer{answers: times, asked: make(chan []string)}
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) { return light, nil }
	abandon := make(chan struct{})
	w.cfg.Abandon = abandon
	w.fleet.before = func(ctx context.Context, job engine.Job) error {
		<-ctx.Done()
		return ctx.Err()
	}
	ended := w.drive(t.Context())
	for i := range times {
		if i > 0 {
			w.clock.advance(t, 15*time.Second)
		}
		<-light.asked
	}
	processtest.Until(t, func() error { // the last answer is on its way
		looks, err := w.j.Samples(t.Context(), "R1", journal.Observed, 0)
		if err == nil && len(looks) < times-1 {
			err = fmt.Errorf("%d looks are kept", len(looks))
		}
		return err
	})
	close(abandon)
	if end := <-ended; !errors.Is(end.err, engine.ErrInterrupted) {
		t.Fatal(end.err)
	}
	w.cfg.Abandon, w.fleet.before = nil, nil
	w.from(func(_ context.Context, hosts []string) ([]engine.Sample, error) { return each(hosts, 1000, "", 0), nil })
	if end := tide(t, w, w.drive(t.Context())); end.err != nil {
		t.Fatal(end.err)
	}
	for who, n := range map[string]int{`"canary-before","host":"host00000"`: times - 1, `"baseline-before","host":"host00001"`: times - 1} {
		if got := keptOf(t, w)[who]; got != n {
			t.Errorf("%d answers kept of %s, want %d", got, who, n)
		}
	}
}
