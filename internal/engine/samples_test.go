package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// tide moves the clock on by a look whenever somebody waits for it, until a run ends.
func tide(t *testing.T, w *world, ended <-chan ending) ending {
	t.Helper()
	for {
		select {
		case end := <-ended:
			return end
		case <-w.clock.asked:
			w.clock.asked <- struct{}{}
			w.clock.advance(t, 5*time.Second)
		case <-time.After(20 * time.Second):
			t.Fatal("the run does not end")
		}
	}
}

// exposure is how many requests of the canary a verdict came from.
func exposure(t *testing.T, st rollout.StageState) float64 {
	t.Helper()
	var f judge.Finding
	if err := json.Unmarshal([]byte(st.Detail), &f); err != nil || len(f.Metrics) == 0 {
		t.Fatalf("detail %q: %v", st.Detail, err)
	}
	return f.Metrics[0].Canary.Exposure
}

// TestACrashInABakeCostsNoEvidence: a bake that is cut off after some looks ends with all
// that was seen before and after, and a process that only follows finds the same meanwhile.
func TestACrashInABakeCostsNoEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, judged(journaltest.Plan("R1", 4)))
	var looks atomic.Int32
	abandon := make(chan struct{})
	source := &counter{canary: 0.02, baseline: 0.02}
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) {
		return sampler(func(ctx context.Context, hosts []string) ([]engine.Sample, error) {
			if looks.Add(1) == 4 {
				close(abandon)
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return source.Sample(ctx, hosts)
		}), nil
	}
	w.cfg.Abandon = abandon
	if end := tide(t, w, w.drive(t.Context())); !errors.Is(end.err, engine.ErrInterrupted) {
		t.Fatalf("%s, %v", end.state.Phase, end.err)
	}
	s, _, err := w.j.Load(t.Context(), "R1")
	if err != nil || !baking(s) {
		t.Fatalf("%s, %v", s.Phase, err)
	}
	f, ok, err := engine.NewWatcher(journaltest.Open(t, w.path)).Finding(t.Context(), s)
	if err != nil || !ok || f.Metrics[0].Canary.Exposure != 3000 {
		t.Fatalf("somebody who follows finds %+v, %v, %v", f, ok, err)
	}
	w.cfg.Abandon, w.cfg.Work = nil, &memory{}
	end := tide(t, w, w.drive(t.Context()))
	after := float64(looks.Load()-4) * 1000
	if got := exposure(t, end.state.Stages[0]); end.err != nil || got != 3000+after || after == 0 {
		t.Errorf("%s: the verdict came from %v requests, want 3000 and %v: %v", end.state.Phase, got, after, end.err)
	}
}

// sampler is a source that is a function.
type sampler func(ctx context.Context, hosts []string) ([]engine.Sample, error)

func (s sampler) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	return s(ctx, hosts)
}

// TestASilentSourceSilencesNoOther: of two sources one is down, and of one that answers in
// part the rest counts.
func TestASilentSourceSilencesNoOther(t *testing.T) {
	t.Parallel()
	p := judged(journaltest.Plan("R1", 4))
	st := &p.Stages[0]
	st.Metrics = append(st.Metrics, rollout.Metric{Name: "latency", Source: "prometheus", WorseBy: 2}, rollout.Metric{Name: "jobs", Source: "sql", WorseBy: 2})
	w := newWorld(t, p)
	w.cfg.Source = func(_ *rollout.Plan, name string) (engine.Source, error) {
		return sampler(func(_ context.Context, hosts []string) ([]engine.Sample, error) {
			switch name {
			case "prometheus":
				return nil, errors.New("connection refused")
			case "sql":
				return []engine.Sample{{Host: hosts[0], Metric: "jobs", Events: 1, Exposure: 100}},
					engine.Gaps{{Metric: "jobs", Host: hosts[1], Reason: "no row"}}
			}
			return []engine.Sample{{Host: hosts[0], Metric: "errors", Events: 2, Exposure: 1000}, {Host: hosts[1], Metric: "errors", Events: 2, Exposure: 1000}}, nil
		}), nil
	}
	end := tide(t, w, w.drive(t.Context()))
	if end.err != nil || exposure(t, end.state.Stages[0]) == 0 {
		t.Errorf("%s, %v: %s", end.state.Phase, end.err, end.state.Stages[0].Detail)
	}
	looks, err := w.j.Samples(t.Context(), "R1", bakeOf(t, w, 0), 0)
	if err != nil || len(looks) == 0 {
		t.Fatalf("%d looks, %v", len(looks), err)
	}
	l := looks[0]
	if strings.Count(l.Body, `"gap"`) != 1 || !strings.Contains(l.Body, `"metric":"latency","gap":"connection refused"`) || strings.Count(l.Body, `"metric":"errors"`) != 2 || strings.Count(l.Body, `"metric":"jobs"`) != 1 {
		t.Errorf("kept: %+v", l)
	}
}

// bakeOf is the command that baked a stage.
func bakeOf(t *testing.T, w *world, stage int) int {
	t.Helper()
	commands, err := w.j.Commands(t.Context(), "R1", false)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(commands, func(c rollout.Command) bool { return c.Kind == rollout.BakeStage && c.Stage == stage })
	if i < 0 {
		t.Fatalf("stage %d has not baked: %+v", stage, commands)
	}
	return commands[i].ID
}

// historic is a source that knows the time before.
type historic struct {
	counter
	from, to time.Time
}

func (h *historic) Past(_ context.Context, hosts []string, from, to time.Time, _ time.Duration) ([][]engine.Sample, error) {
	h.from, h.to = from, to
	var steps [][]engine.Sample
	for range 3 {
		var step []engine.Sample
		for _, host := range hosts {
			step = append(step, engine.Sample{Host: host, Metric: "errors", Events: 1, Exposure: 500})
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// TestTheTimeBeforeIsAskedFor: a source that has a past is asked for the hour before the
// rollout, and the last stage, whose hosts all run the release, also learns from what an
// earlier bake saw of them as its baseline.
func TestTheTimeBeforeIsAskedFor(t *testing.T) {
	t.Parallel()
	p := judged(journaltest.Plan("R1", 3))
	p.Stages[1].Bake, p.Stages[1].Metrics = rollout.Bake{Most: 30 * time.Second}, p.Stages[0].Metrics
	p.OnUnclear = rollout.ChooseAsk
	w := newWorld(t, p)
	source := &historic{counter: counter{canary: 0.01, baseline: 0.01}}
	w.cfg.Source = func(*rollout.Plan, string) (engine.Source, error) { return source, nil }
	end := tide(t, w, w.drive(t.Context()))
	if end.state.Phase == rollout.Waiting && end.state.Stage == 0 { // however sure the judge is
		w.ask(t, rollout.Promote)
		w.cfg.Work = &memory{}
		end = tide(t, w, w.drive(t.Context()))
	}
	if end.err != nil || end.state.Stage != 1 {
		t.Fatalf("%s in stage %d: %v", end.state.Phase, end.state.Stage, end.err)
	}
	if started := end.state.Started; !source.to.Equal(started.Truncate(time.Second)) || source.to.Sub(source.from) != time.Hour {
		t.Errorf("asked from %s to %s, and it started at %s", source.from, source.to, started)
	}
	for stage, want := range []struct{ canaryBefore, baselineBefore bool }{{true, true}, {true, false}} {
		looks, err := w.j.Samples(t.Context(), "R1", bakeOf(t, w, stage), 0)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, l := range looks {
			all.WriteString(l.Body)
		}
		for arm, want := range map[string]bool{"canary-before": want.canaryBefore, "baseline-before": want.baselineBefore} {
			if got := strings.Contains(all.String(), `"arm":"`+arm+`"`); got != want {
				t.Errorf("stage %d: %s kept: %v", stage, arm, got)
			}
		}
		// 1000 requests a look are those of a bake, 500 those of the source's own past.
		fromBake := strings.Contains(all.String(), `"arm":"canary-before","host":"host00001","metric":"errors","kind":"count","events":10,"exposure":1000`)
		if fromBake != (stage == 1) {
			t.Errorf("stage %d learns from an earlier bake: %v", stage, fromBake)
		}
	}
}
