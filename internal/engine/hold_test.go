package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// from makes every source of a world this one.
func (w *world) from(s sampler) {
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) { return s, nil }
}

// each is what a source says of hosts that all had requests, and one of which had errors.
func each(hosts []string, requests float64, bad string, errors float64) []engine.Sample {
	var all []engine.Sample
	for _, h := range hosts {
		s := engine.Sample{Host: h, Metric: "errors", Exposure: requests}
		if h == bad {
			s.Events = errors
		}
		all = append(all, s)
	}
	return all
}

// TestAFirstInstallIsJudgedByWhatIsNeverExceeded: hosts that the service was never on are
// no baseline, though the balancer knows them.
func TestAFirstInstallIsJudgedByWhatIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for at, want := range map[float64]rollout.Verdict{0.03: rollout.Pass, 0.005: rollout.Fail} {
		p := longer(judged(journaltest.Plan("R1", 4)))
		p.Stages[0].Metrics[0].AtMost = at
		for i := range p.Hosts {
			p.Hosts[i].From = ""
		}
		w := newWorld(t, p)
		w.from(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
			if len(hosts) != 1 {
				t.Errorf("asked of %v", hosts)
			}
			return each(hosts, 1000, "host00000", 10), nil
		})
		if end := tide(t, w, w.drive(t.Context())); end.err != nil || end.state.Stages[0].Verdict != want {
			t.Errorf("at most %v: %s (%s), %v", at, end.state.Stages[0].Verdict, end.state.Stages[0].Reason, end.err)
		}
	}
}

// TestACanaryHostThatNobodySpeaksOfIsNoPass: it may be dead, and the others do well.
func TestACanaryHostThatNobodySpeaksOfIsNoPass(t *testing.T) {
	t.Parallel()
	for _, back := range []int32{0, 8} { // from which look on it is spoken of
		p := judged(journaltest.Plan("R1", 6))
		p.Stages[0].Waves, p.Stages[1].Waves = [][]string{{"host00000", "host00001"}}, [][]string{{"host00002", "host00003", "host00004", "host00005"}}
		w := newWorld(t, p)
		var looks atomic.Int32
		w.from(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
			if n := looks.Add(1); back > 0 && n >= back || len(hosts) != 6 {
				return each(hosts, 1000, "", 0), nil
			}
			return each(append(hosts[:1:1], hosts[2:]...), 1000, "", 0), engine.Gaps{{Metric: "errors", Host: "host00001", Reason: "no such server"}}
		})
		end := tide(t, w, w.drive(t.Context()))
		st := end.state.Stages[0]
		if back > 0 && (st.Verdict != rollout.Pass || looks.Load() < back) {
			t.Errorf("it came back: %s after %d looks: %s", st.Verdict, looks.Load(), st.Reason)
		}
		if back == 0 && (end.state.Phase != rollout.Waiting || st.Verdict != rollout.NoData || !strings.Contains(st.Reason, "host00001: no such server")) {
			t.Errorf("%s, %s: %s", end.state.Phase, st.Verdict, st.Reason)
		}
	}
}

// TestWhyTheFirstDataIsLate: nothing passes before it, and the reason is not that the
// canary is silent. A process that takes the bake over waits for its own first data, which
// takes nothing from what was known.
func TestWhyTheFirstDataIsLate(t *testing.T) {
	t.Parallel()
	late := engine.Gaps{{Metric: "errors", Reason: "its data is 2m late: the first comes after 12:03:00", Early: true}}
	for _, known := range []int32{0, 4} { // how many looks have data
		w := newWorld(t, judged(journaltest.Plan("R1", 4)))
		var looks atomic.Int32
		w.from(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
			if looks.Add(1) <= known {
				return each(hosts, 10, "", 0), nil
			}
			return nil, late
		})
		end := tide(t, w, w.drive(t.Context()))
		st := end.state.Stages[0]
		if why := strings.Contains(st.Reason, late[0].Reason); end.err != nil || end.state.Phase != rollout.Waiting || why != (known == 0) {
			t.Errorf("%d looks of data: %s, %s: %s, %v", known, end.state.Phase, st.Verdict, st.Reason, end.err)
		}
		if known == 0 && st.Verdict != rollout.NoData {
			t.Errorf("%s", st.Verdict)
		}
	}
}

// TestAPauseCostsNoEvidence: what was seen before a pause counts after it, and that nobody
// looked meanwhile is no silence of the canary's.
func TestAPauseCostsNoEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, judged(journaltest.Plan("R1", 4)))
	var looks atomic.Int32
	first, stop := context.WithCancel(t.Context())
	w.from(func(ctx context.Context, hosts []string) ([]engine.Sample, error) {
		if looks.Add(1) == 4 {
			stop()
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return each(hosts, 1000, hosts[0], 20), nil
	})
	if end := tide(t, w, w.drive(first)); end.state.Phase != rollout.Paused {
		t.Fatalf("%s, %v", end.state.Phase, end.err)
	}
	const before = 3000
	w.clock.mu.Lock()
	w.clock.now = w.clock.now.Add(time.Hour)
	w.clock.mu.Unlock()
	w.ask(t, rollout.Resume)
	s, _, err := w.j.Load(t.Context(), "R1")
	if err != nil || !baking(s) {
		t.Fatalf("%s, %v", s.Phase, err)
	}
	if f, ok, err := engine.NewWatcher(w.j).Finding(t.Context(), s); err != nil || !ok || f.Metrics[0].Canary.Exposure != before {
		t.Errorf("somebody who follows finds %+v, %v, %v", f, ok, err)
	}
	w.cfg.Work = &memory{}
	end := tide(t, w, w.drive(t.Context()))
	st := end.state.Stages[0]
	after := float64(looks.Load()-4) * 1000
	if got := exposure(t, st); end.err != nil || got != before+after || after == 0 {
		t.Errorf("the verdict came from %v requests, want %v and %v: %v", got, before, after, end.err)
	}
	kept, err := w.j.Samples(t.Context(), "R1", s.Pending[0].ID, 0)
	if err != nil || len(kept) == 0 || !strings.Contains(kept[0].Body, "nobody looked") {
		t.Errorf("kept: %v, %v", kept, err)
	}
}

// TestAClockThatWasSetBack: the process that takes a bake over looks at once and ends it
// when the rest of its time is over, whatever the clock says.
func TestAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, judged(journaltest.Plan("R1", 4)))
	var looks atomic.Int32
	abandon := make(chan struct{})
	w.cfg.Abandon = abandon
	w.from(func(ctx context.Context, hosts []string) ([]engine.Sample, error) {
		if looks.Add(1) == 9 { // after 40 s
			close(abandon)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return each(hosts, 10, hosts[0], 1), nil
	})
	if end := tide(t, w, w.drive(t.Context())); !errors.Is(end.err, engine.ErrInterrupted) {
		t.Fatal(end.err)
	}
	w.clock.mu.Lock()
	w.clock.now = w.clock.now.Add(-time.Hour)
	begun := w.clock.now
	w.clock.mu.Unlock()
	w.cfg.Abandon, w.cfg.Work = nil, &memory{}
	end := tide(t, w, w.drive(t.Context()))
	if took := end.state.Stages[0]; end.err != nil || took.Verdict == "" {
		t.Fatalf("%+v, %v", took, end.err)
	}
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	if took := w.clock.now.Sub(begun); took < 20*time.Second || took > 40*time.Second || looks.Load() < 13 {
		t.Errorf("it went on for %s, with %d looks", took, looks.Load()-9)
	}
}

// TestTheTimeBeforeIsKeptOnce: a process that ended while it wrote that down has the rest
// written, and nothing twice.
func TestTheTimeBeforeIsKeptOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, judged(journaltest.Plan("R1", 4)))
	l, err := w.j.Acquire(t.Context(), "R1", journal.Self("before"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	const line = `{"t":-120,"arm":"canary-before","host":"host00000","metric":"errors","kind":"count","events":1,"exposure":500}` + "\n"
	const bake = 2
	if err := w.j.AppendSamples(t.Context(), l, bake, journal.Look{At: journaltest.Epoch().Add(-2 * time.Minute), Body: line}); err != nil {
		t.Fatal(err)
	}
	if err := w.j.Release(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	source := &historic{counter: counter{canary: 0.01, baseline: 0.01}}
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) { return source, nil }
	if end := tide(t, w, w.drive(t.Context())); end.err != nil {
		t.Fatal(end.err)
	}
	looks, err := w.j.Samples(t.Context(), "R1", bakeOf(t, w, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	before := map[time.Duration]int{}
	for _, l := range looks {
		if at := l.At.Sub(journaltest.Epoch()); at < 0 {
			before[at]++
		}
	}
	if len(before) != 2 || before[-2*time.Minute] != 1 || before[-time.Minute] != 1 {
		t.Errorf("kept of the time before: %v", before)
	}
}

// TestSourcesAreAskedAtTheSameTime: one that hangs holds no other up.
func TestSourcesAreAskedAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := judged(journaltest.Plan("R1", 4))
	p.Stages[0].Metrics = append(p.Stages[0].Metrics, rollout.Metric{Name: "jobs", Source: "sql", WorseBy: 2})
	w := newWorld(t, p)
	asked := map[string]chan struct{}{"haproxy": make(chan struct{}, 1000), "sql": make(chan struct{}, 1000)}
	w.cfg.Source = func(_ *rollout.Plan, name string) (engine.Source, error) {
		other := map[string]string{"haproxy": "sql", "sql": "haproxy"}[name]
		return sampler(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
			asked[other] <- struct{}{}
			select {
			case <-asked[name]:
			case <-time.After(10 * time.Second):
				t.Error("the other one was not asked")
			}
			return each(hosts, 1000, "", 0), nil
		}), nil
	}
	if end := tide(t, w, w.drive(t.Context())); end.err != nil {
		t.Error(end.err)
	}
}

// TestWaitingLongerGoesOnWithWhatWasSeen: an unclear stage whose plan says so is watched
// again, and the verdict comes from all of it.
func TestWaitingLongerGoesOnWithWhatWasSeen(t *testing.T) {
	t.Parallel()
	p := judged(journaltest.Plan("R1", 4))
	p.OnUnclear = rollout.ChooseWait
	w := newWorld(t, p)
	var looks atomic.Int32
	w.from(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
		looks.Add(1)
		return each(hosts, 10, "", 0), nil
	})
	end := tide(t, w, w.drive(t.Context()))
	st := end.state.Stages[0]
	if end.err != nil || end.state.Phase != rollout.Waiting || st.Verdict != rollout.Inconclusive || st.Longer != 3 {
		t.Fatalf("%s, %s: %s, %v", end.state.Phase, st.Verdict, st.Reason, end.err)
	}
	if took := end.state.Since.Sub(st.Entered); took != 4*time.Minute || exposure(t, st) != float64(looks.Load()*10) {
		t.Errorf("it was watched for %s, the verdict came from %v requests of %d looks", took, exposure(t, st), looks.Load())
	}
}

// TestTheTimeBeforeBeginsAfterTheLastRollout: what a release that was taken back did is not
// how its hosts are.
func TestTheTimeBeforeBeginsAfterTheLastRollout(t *testing.T) {
	t.Parallel()
	for ago, want := range map[time.Duration]time.Duration{
		20*time.Minute + 10*time.Second: 20 * time.Minute, 3 * time.Hour: time.Hour, 30 * time.Second: 0,
	} {
		w := newWorld(t, journaltest.Plan("R0", 4))
		w.run(t)
		w.clock.mu.Lock()
		w.clock.now = w.clock.now.Add(ago)
		w.clock.mu.Unlock()
		w.p = judged(journaltest.Plan("R1", 4))
		if err := w.j.Create(t.Context(), w.p); err != nil {
			t.Fatal(err)
		}
		source := &historic{counter: counter{canary: 0.01, baseline: 0.01}}
		w.cfg.Source, w.cfg.Work = func(*rollout.Plan, string) (engine.Source, error) { return source, nil }, &memory{}
		if end := tide(t, w, w.drive(t.Context())); end.err != nil {
			t.Fatal(end.err)
		}
		if got := source.to.Sub(source.from); got != want {
			t.Errorf("%s after a rollout: asked for %s of the time before, want %s", ago, got, want)
		}
	}
}
