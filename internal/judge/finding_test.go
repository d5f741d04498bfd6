package judge

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// A picture is of one edge through all looks, and so every finding tells the rates at each. A journal keeps
// those of one.
func TestAFindingTellsTheRatesAtEveryEdge(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Metrics: []Metric{{Name: "latency", Kind: Histogram, WorseBy: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	buckets := []Bucket{{1, 50}, {2, 30}, {4, 15}, {math.Inf(1), 5}}
	s.Look(Tick{At: 5 * time.Second, Samples: []Sample{
		{Arm: Canary, Host: "c", Metric: "latency", Buckets: buckets}, {Arm: Baseline, Host: "b", Metric: "latency", Buckets: buckets},
	}})
	m := s.Finding().Metrics[0]
	for edge, want := range map[float64][2]float64{1: {20, 50}, 2: {5, 20}} {
		canary, baseline, known := m.RatesAt(edge)
		if !known || canary.Events != want[0] || baseline.Events != want[1] || canary.Exposure != 100 || baseline.Exposure != 100 {
			t.Errorf("above %v: %+v and %+v, want %v", edge, canary, baseline, want)
		}
	}
	if _, _, known := m.RatesAt(3); known {
		t.Error("the rates at an edge that there is none")
	}

	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(text)), "edges") || strings.Contains(string(text), "efore") {
		t.Errorf("journalled: %s", text)
	}
	var again MetricFinding
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if canary, baseline, known := again.RatesAt(m.Edge); !known || canary != m.Canary || baseline != m.Baseline {
		t.Errorf("read back: %+v and %+v", canary, baseline)
	}
	other := 1.0
	if m.Edge == other {
		other = 2
	}
	if _, _, known := again.RatesAt(other); known {
		t.Error("read back, it knows an edge that was not journalled")
	}
}
