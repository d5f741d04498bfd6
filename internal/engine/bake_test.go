package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// baked gives the first stage of a plan a bake of a minute.
func baked(p *rollout.Plan) *rollout.Plan {
	p.Stages[0].Bake = rollout.Bake{Most: time.Minute}
	return p
}

func judged(p *rollout.Plan) *rollout.Plan {
	baked(p).Stages[0].Metrics = []rollout.Metric{{Name: "errors", Source: "haproxy", WorseBy: 1.5}}
	return p
}

// longer bakes for as long as a judge may need to be sure of anything.
func longer(p *rollout.Plan) *rollout.Plan {
	p.Stages[0].Bake.Most = time.Hour
	return p
}

func TestABakeWithoutMetricsPassesByTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, baked(journaltest.Plan("R1", 3)))
	ended := w.drive(t.Context())
	w.await(t, "the bake", baking)
	w.clock.advance(t, 59*time.Second)
	select {
	case end := <-ended:
		t.Fatalf("ended early: %s, %v", end.state.Phase, end.err)
	default:
	}
	w.clock.asked <- struct{}{} // it waits still
	w.clock.advance(t, time.Second)
	if end := <-ended; end.err != nil || end.state.Phase != rollout.Completed || end.state.Stages[0].Verdict != rollout.Pass {
		t.Errorf("%s, %v", end.state.Phase, end.err)
	}
}

func TestAResumedBakeKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, baked(journaltest.Plan("R1", 3)))
	// The run breaks in the bake, as if it had been killed.
	w.cfg.Work = breaking{&memory{}}
	if _, err := engine.New(w.cfg).Run(t.Context(), "R1", nil); err == nil {
		t.Fatal("the run did not break")
	}
	s := w.await(t, "the bake", baking)
	w.clock.mu.Lock()
	w.clock.now = w.clock.now.Add(40 * time.Second)
	w.clock.mu.Unlock()
	w.cfg.Work = &memory{}
	ended := w.drive(t.Context())
	w.clock.advance(t, 20*time.Second)
	end := <-ended
	if took := end.state.Stages[0].Left.Sub(s.Pending[0].At); end.state.Phase != rollout.Completed || took != time.Minute {
		t.Errorf("%s, the bake took %s, %v", end.state.Phase, took, end.err)
	}
}

// breaking is work that cannot be enqueued once the bake comes.
type breaking struct{ *memory }

func (b breaking) Enqueue(ctx context.Context, rollout string, command int) error {
	if command == 2 { // no balancer: update, then bake
		return errors.New("the disk is gone")
	}
	return b.memory.Enqueue(ctx, rollout, command)
}

func TestAbortCancelsABakeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, baked(journaltest.Plan("R1", 3)))
	ended := w.drive(t.Context())
	w.await(t, "the bake", baking)
	asked := time.Now()
	w.ask(t, rollout.Abort)
	end := <-ended
	if end.err != nil || end.state.Phase != rollout.Restored || w.did(rollout.Restore) != 1 {
		t.Errorf("%s, %d restores, %v", end.state.Phase, w.did(rollout.Restore), end.err)
	}
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// counter is a source of as many errors as it is told.
type counter struct {
	canary, baseline float64 // share of requests that fail
	err              error
	looks            int
}

func (c *counter) Sample(_ context.Context, hosts []string) ([]engine.Sample, error) {
	c.looks++
	if c.err != nil {
		return nil, c.err
	}
	var samples []engine.Sample
	for _, h := range hosts {
		share := c.baseline
		if h == "host00000" {
			share = c.canary
		}
		samples = append(samples,
			engine.Sample{Host: h, Metric: "errors", Events: 1000 * share, Exposure: 1000},
			engine.Sample{Host: h, Metric: "unasked", Events: 900, Exposure: 1000},
			engine.Sample{Host: "stranger", Metric: "errors", Events: 900, Exposure: 1000})
	}
	return samples, nil
}

// watched runs a judged rollout, and moves the clock on until it has a verdict.
func watched(t *testing.T, p *rollout.Plan, source *counter) (rollout.State, []judge.Finding) {
	t.Helper()
	w := newWorld(t, p)
	w.cfg.Source = func(_ *rollout.Plan, name string) (engine.Source, error) {
		if name != "haproxy" {
			t.Errorf("asked for source %q", name)
		}
		return source, nil
	}
	var findings []judge.Finding
	ended := make(chan ending, 1)
	go func() {
		s, err := engine.New(w.cfg).Run(t.Context(), "R1", func(u engine.Update) {
			if u.Finding != nil {
				findings = append(findings, *u.Finding)
			}
		})
		ended <- ending{s, err}
	}()
	for {
		select {
		case end := <-ended:
			if end.err != nil {
				t.Fatal(end.err)
			}
			return end.state, findings
		case <-w.clock.asked:
			w.clock.asked <- struct{}{}
			w.clock.advance(t, 5*time.Second)
		case <-time.After(20 * time.Second):
			t.Fatal("no verdict")
		}
	}
}

func TestABadCanaryFails(t *testing.T) {
	t.Parallel()
	source := &counter{canary: 0.2, baseline: 0.001}
	s, _ := watched(t, longer(judged(journaltest.Plan("R1", 4))), source)
	st := s.Stages[0]
	if s.Phase != rollout.Restored || st.Verdict != rollout.Fail || st.Reason == "" {
		t.Fatalf("%s, verdict %q: %s", s.Phase, st.Verdict, st.Reason)
	}
	var f judge.Finding
	if err := json.Unmarshal([]byte(st.Detail), &f); err != nil || len(f.Metrics) != 1 || f.Metrics[0].Canary.Exposure == 0 {
		t.Errorf("detail %s, %v", st.Detail, err)
	}
	if source.looks > 60 {
		t.Errorf("it took %d looks", source.looks)
	}
}

func TestAGoodCanaryPasses(t *testing.T) {
	t.Parallel()
	s, _ := watched(t, longer(judged(journaltest.Plan("R1", 4))), &counter{canary: 0.0001, baseline: 0.0001})
	if st := s.Stages[0]; s.Phase != rollout.Completed || st.Verdict != rollout.Pass {
		t.Errorf("%s, verdict %q: %s", s.Phase, st.Verdict, st.Reason)
	}
}

func TestASourceThatIsDownIsNoVerdict(t *testing.T) {
	t.Parallel()
	s, findings := watched(t, judged(journaltest.Plan("R1", 4)), &counter{err: errors.New("connection refused")})
	if st := s.Stages[0]; s.Phase != rollout.Waiting || st.Verdict != rollout.NoData {
		t.Errorf("%s, verdict %q: %s", s.Phase, st.Verdict, st.Reason)
	}
	if len(findings) == 0 {
		t.Error("nobody was told while it baked")
	}
}

func TestMetricsForShowPassByTime(t *testing.T) {
	t.Parallel()
	p := judged(journaltest.Plan("R1", 4))
	p.Stages[0].Metrics[0].DryRun = true
	s, _ := watched(t, p, &counter{canary: 0.5, baseline: 0.001})
	if st := s.Stages[0]; s.Phase != rollout.Completed || st.Verdict != rollout.Pass || !strings.Contains(st.Detail, "dry_run") {
		t.Errorf("%s, verdict %q: %s", s.Phase, st.Verdict, st.Detail)
	}
	if took := s.Stages[0].Left.Sub(s.Stages[0].Entered); took != time.Minute {
		t.Errorf("it was watched for %s", took)
	}
}
