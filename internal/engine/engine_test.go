package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/work"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// world is one rollout and what it works with.
type world struct {
	*fleet
	path  string
	j     *journal.Journal
	p     *rollout.Plan
	clock *clock
	cfg   engine.Config
}

func newWorld(t *testing.T, p *rollout.Plan) *world {
	t.Helper()
	w := &world{fleet: &fleet{}, path: filepath.Join(t.TempDir(), "journal.db"), p: p, clock: newClock(journaltest.Epoch())}
	w.j = journaltest.Open(t, w.path)
	if err := w.j.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	w.cfg = engine.Config{Journal: w.j, Work: &memory{}, Method: w.fleet, Traffic: w.fleet, Clock: w.clock, Name: "test"}
	return w
}

func (w *world) run(t *testing.T) rollout.State {
	t.Helper()
	s, err := engine.New(w.cfg).Run(t.Context(), w.p.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drive runs the engine beside the test.
func (w *world) drive(ctx context.Context) <-chan ending {
	ended := make(chan ending, 1)
	go func() {
		s, err := engine.New(w.cfg).Run(ctx, w.p.ID, nil)
		ended <- ending{s, err}
	}()
	return ended
}

type ending struct {
	state rollout.State
	err   error
}

func (w *world) ask(t *testing.T, k rollout.EventKind) {
	t.Helper()
	// Another process asks: another journal on the same file.
	_, err := journaltest.Open(t, w.path).Append(t.Context(), w.p.ID, 0, rollout.Event{Kind: k, At: w.clock.Now(), By: "bob"})
	if err != nil {
		t.Fatal(err)
	}
}

// await waits until the journal has a state that is as wanted.
func (w *world) await(t *testing.T, what string, is func(rollout.State) bool) rollout.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		s, seq, err := w.j.Load(ctx, w.p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if is(s) {
			return s
		}
		if _, err := w.j.Watch(ctx, w.p.ID, seq); err != nil {
			t.Fatalf("waiting for %s: %v (it is %s)", what, err, s.Phase)
		}
	}
}

func baking(s rollout.State) bool {
	return len(s.Pending) == 1 && s.Pending[0].Kind == rollout.BakeStage
}

func TestRunsToCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Balanced(journaltest.Plan("R1", 6)))
	var seen []rollout.Event
	s, err := engine.New(w.cfg).Run(t.Context(), "R1", func(u engine.Update) { seen = append(seen, u.Events...) })
	if err != nil || s.Phase != rollout.Completed {
		t.Fatalf("%s (%s), %v", s.Phase, s.Why, err)
	}
	if n := w.did(rollout.Update); n != 6 {
		t.Errorf("%d updates", n)
	}
	for i, e := range seen {
		if e.Seq != i+1 {
			t.Fatalf("event %d was number %d", i+1, e.Seq)
		}
	}
	events, err := w.j.Events(t.Context(), "R1", 0)
	if err != nil || len(events) != len(seen) {
		t.Errorf("%d events were seen, the journal has %d, %v", len(seen), len(events), err)
	}
	if o, ok, err := w.j.Owner(t.Context(), "R1"); ok || err != nil {
		t.Errorf("%s still owns it, %v", o, err)
	}
	if again := w.run(t); again.Phase != rollout.Completed || w.did(rollout.Update) != 6 {
		t.Errorf("running an ended rollout again did something: %s", again.Phase)
	}
}

func TestOnDBOS(t *testing.T) {
	t.Parallel()
	addresses := map[string]func(t *testing.T) (journal, work string){
		"sqlite": func(t *testing.T) (string, string) {
			dir := t.TempDir()
			return filepath.Join(dir, "journal.db"), filepath.Join(dir, "work.db")
		},
		"postgres": func(t *testing.T) (string, string) {
			server := journaltest.Postgres(t)
			return server, server
		},
	}
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			journalAt, workAt := address(t)
			j := journaltest.Open(t, journalAt)
			p := journaltest.Balanced(journaltest.Plan("R1", 12))
			if err := j.Create(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			f := &fleet{}
			durable := work.New(workAt, nil)
			s, err := engine.New(engine.Config{Journal: j, Work: durable, Method: f, Traffic: f}).Run(t.Context(), "R1", nil)
			if err != nil || s.Phase != rollout.Completed || f.did(rollout.Update) != 12 {
				t.Errorf("%s after %d updates, %v", s.Phase, f.did(rollout.Update), err)
			}
			if err := durable.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFailedHostsAreTakenBack(t *testing.T) {
	t.Parallel()
	p := journaltest.Balanced(journaltest.Plan("R1", 6))
	p.Budget = 0
	w := newWorld(t, p)
	w.script = func(j engine.Job, host string) engine.Report {
		if j.Command.Kind == rollout.Update && host == "host00003" {
			return engine.Report{Outcome: rollout.Unhealthy, Begun: true, Reason: "answers 500"}
		}
		return engine.Report{}
	}
	s := w.run(t)
	if s.Phase != rollout.Restored || s.Hosts[3].Failure != "answers 500" || !s.Hosts[3].Restored {
		t.Errorf("%s (%s), host 3: %+v", s.Phase, s.Why, s.Hosts[3])
	}
	if n := w.did(rollout.Restore); n != 6 {
		t.Errorf("%d restores", n)
	}
}

func TestABrokenEffectIsTheHostsFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err     error
		outcome rollout.Outcome
		begun   bool
		reason  string
	}{
		"touched":   {errors.New("ansible-playbook ended with code 250"), rollout.Failed, true, "code 250"},
		"untouched": {fmt.Errorf("%w: no ansible-playbook in PATH", engine.ErrUntouched), rollout.Unreachable, false, "no ansible-playbook"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journaltest.Balanced(journaltest.Plan("R1", 3)))
			w.before = func(_ context.Context, j engine.Job) error {
				if j.Command.Kind == rollout.Update {
					return test.err
				}
				return nil
			}
			w.run(t)
			events, err := w.j.Events(t.Context(), "R1", 0)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(events, func(e rollout.Event) bool { return e.Outcome == test.outcome })
			if i < 0 || events[i].Begun != test.begun || !strings.Contains(events[i].Reason, test.reason) {
				t.Errorf("no such result in %+v", events)
			}
		})
	}
}

// careless reports hosts of other jobs, hosts twice, and leaves one out.
type careless struct{ *fleet }

func (c careless) Run(_ context.Context, job engine.Job, report func(engine.Report)) error {
	if job.Command.Kind != rollout.Update {
		return c.fleet.Run(context.Background(), job, report)
	}
	report(engine.Report{Host: "stranger", Outcome: rollout.OK})
	for _, h := range job.Command.Hosts {
		if h != "host00002" {
			report(c.one(job, h))
			report(engine.Report{Host: h, Outcome: rollout.Failed, Reason: "said twice"})
		}
	}
	return nil
}

func TestCarelessReportsDoNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Plan("R1", 4))
	w.cfg.Method = careless{w.fleet}
	s := w.run(t)
	if s.Phase != rollout.Completed || s.Hosts[1].Failure != "" || !strings.Contains(s.Hosts[2].Failure, "nothing was reported") || !s.Hosts[2].Restored {
		t.Errorf("%s (%s): %+v", s.Phase, s.Why, s.Hosts)
	}
}

func TestWithoutABalancerNothingIsTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Balanced(journaltest.Plan("R1", 3)))
	w.cfg.Traffic = nil
	s := w.run(t)
	if w.did(rollout.Update) != 0 || s.Hosts[0].Outcome != rollout.Unreachable {
		t.Errorf("%s (%s), %d updates", s.Phase, s.Why, w.did(rollout.Update))
	}
}

func TestAPanicStopsTheRunAndNotTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Plan("R1", 3))
	w.before = func(context.Context, engine.Job) error { panic("a bug") }
	_, err := engine.New(w.cfg).Run(t.Context(), "R1", nil)
	if err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Fatalf("got %v", err)
	}
	w.before = nil
	if s := w.run(t); s.Phase != rollout.Completed {
		t.Errorf("then %s", s.Phase)
	}
}

func TestInterruptLetsHostsFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journaltest.Plan("R1", 5))
	ctx, interrupt := context.WithCancel(t.Context())
	var cut error
	w.before = func(work context.Context, j engine.Job) error {
		if j.Command.ID == 1 {
			interrupt()
			w.await(t, "the pause", func(s rollout.State) bool { return s.Phase == rollout.Paused })
			cut = work.Err()
		}
		return nil
	}
	end := <-w.drive(ctx)
	if !errors.Is(end.err, engine.ErrInterrupted) || end.state.Phase != rollout.Paused || len(end.state.Pending) != 0 {
		t.Fatalf("%s with %d pending, %v", end.state.Phase, len(end.state.Pending), end.err)
	}
	if cut != nil || w.did(rollout.Update) != 1 {
		t.Errorf("%d updates were done, their context: %v", w.did(rollout.Update), cut)
	}
	w.before = nil
	w.ask(t, rollout.Resume)
	if s := w.run(t); s.Phase != rollout.Completed || w.did(rollout.Update) != 5 {
		t.Errorf("%s after %d updates", s.Phase, w.did(rollout.Update))
	}
}

func TestWaitingForAPerson(t *testing.T) {
	t.Parallel()
	p := journaltest.Plan("R1", 4)
	p.Stages[1].Approval = true
	w := newWorld(t, p)
	if s := w.run(t); s.Phase != rollout.Waiting || w.did(rollout.Update) != 1 {
		t.Fatalf("%s after %d updates", s.Phase, w.did(rollout.Update))
	}
	w.cfg.Wait = true
	ended := w.drive(t.Context())
	w.ask(t, rollout.Promote)
	if end := <-ended; end.err != nil || end.state.Phase != rollout.Completed || w.did(rollout.Update) != 4 {
		t.Errorf("%s, %v", end.state.Phase, end.err)
	}
}

func TestInterruptWhileWaitingPausesNothing(t *testing.T) {
	t.Parallel()
	p := journaltest.Plan("R1", 4)
	p.Stages[1].Approval = true
	w := newWorld(t, p)
	w.cfg.Wait = true
	ctx, interrupt := context.WithCancel(t.Context())
	ended := w.drive(ctx)
	w.await(t, "the approval", func(s rollout.State) bool { return s.Phase == rollout.Waiting })
	interrupt()
	if end := <-ended; !errors.Is(end.err, engine.ErrInterrupted) || end.state.Phase != rollout.Waiting {
		t.Errorf("%s, %v", end.state.Phase, end.err)
	}
}

func TestTwoEnginesContend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, baked(journaltest.Plan("R1", 3)))
	ended := w.drive(t.Context())
	w.await(t, "the bake", baking)
	second := w.cfg
	second.Work = &memory{}
	_, err := engine.New(second).Run(t.Context(), "R1", nil)
	if held, ok := errors.AsType[*journal.HeldError](err); !ok || held.Owner.Name != "test" {
		t.Errorf("the second engine: %v", err)
	}
	w.clock.advance(t, time.Minute)
	if end := <-ended; end.err != nil || end.state.Phase != rollout.Completed {
		t.Errorf("the first engine: %s, %v", end.state.Phase, end.err)
	}
}
