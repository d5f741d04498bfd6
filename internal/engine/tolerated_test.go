package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestJudgeMetrics: the judge is told all that a journalled plan says of a metric; one of
// an earlier version, which says less, is taken too.
func TestJudgeMetrics(t *testing.T) {
	t.Parallel()
	for journalled, want := range map[string]judge.Metric{
		`{"name":"errors","source":"haproxy","worse_by":1.5}`:                                                        {Name: "errors", WorseBy: 1.5},
		`{"name":"errors","source":"haproxy","kind":"count","worse_by":1.5,"at_most":0.01,"dry_run":true}`:           {Name: "errors", Kind: judge.Counts, WorseBy: 1.5, AtMost: 0.01, DryRun: true},
		`{"name":"apdex","source":"newrelic","kind":"gauge","worse_by":1.2,"pass_below":2,"higher":true}`:            {Name: "apdex", Kind: judge.Gauge, WorseBy: 1.2, PassBelow: 2, Higher: true},
		`{"name":"latency","source":"prometheus","kind":"histogram","worse_by":1.1,"pass_below":1.5,"at_most":0.25}`: {Name: "latency", Kind: judge.Histogram, WorseBy: 1.1, PassBelow: 1.5, AtMost: 0.25},
	} {
		var m rollout.Metric
		if err := json.Unmarshal([]byte(journalled), &m); err != nil {
			t.Fatal(err)
		}
		got := engine.JudgeMetrics([]rollout.Metric{m})
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: the judge is told %+v, want %+v", journalled, got, want)
		}
		if _, err := judge.New(judge.Config{Metrics: got}); err != nil {
			t.Errorf("%s: %v", journalled, err)
		}
		if again, err := json.Marshal(m); err != nil || string(again) != journalled {
			t.Errorf("%s is written as %s, %v", journalled, again, err)
		}
	}
}

// TestPassBelowIsThePlans: a bake asks as much of a pass as its plan says.
func TestPassBelowIsThePlans(t *testing.T) {
	t.Parallel()
	looks := map[float64]int{}
	for _, below := range []float64{2, 15} {
		p := longer(judged(journaltest.Plan("R1", 4)))
		p.Stages[0].Metrics[0].PassBelow = below
		source := &counter{canary: 0.002, baseline: 0.002}
		s, _ := watched(t, p, source)
		if st := s.Stages[0]; st.Verdict != rollout.Pass && below > 2 {
			t.Errorf("pass_below %v: %q: %s", below, st.Verdict, st.Reason)
		}
		looks[below] = source.looks
	}
	if looks[15] >= looks[2] {
		t.Errorf("looks for each pass_below: %v", looks)
	}
}
