package judge

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is counted, nothing that evidence is made of is no number, and evidence is never lost to that.
func TestExtremeCountsStayNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.1, AtMost: 0.01}, {Name: "latency", Kind: Histogram, WorseBy: 1.1, AtMost: 0.3}}})
		if err != nil {
			t.Fatal(err)
		}
		at := -time.Duration(rapid.IntRange(0, 3600).Draw(t, "before")) * time.Second
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			s.Look(extremeTick(t, at))
			at += rapid.SampledFrom([]time.Duration{0, time.Second, 5 * time.Second, time.Minute, 10 * time.Hour}).Draw(t, "apart")
			for _, k := range s.metrics {
				numbers(t, &k.guard, k.against)
				streams := []*stream{&k.ratio}
				for _, e := range k.shape.edges {
					streams = append(streams, &e.stream)
				}
				for _, r := range streams {
					trials := append([]*trial{&r.all}, r.single...)
					for _, one := range trials {
						if one != nil && one.bursty != nil {
							numbers(t, one.bursty, one.against)
						}
					}
				}
			}
		}
	})
}

func numbers(t *rapid.T, c *comparison, against float64) {
	if math.IsNaN(against) || math.IsInf(against, 0) {
		t.Fatalf("evidence %v", against)
	}
	for i, v := range c.done {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("likelihood %d: %v", i, v)
		}
	}
	for k := range c.late {
		for _, v := range c.late[k] {
			if math.IsNaN(v) || math.IsInf(v, 1) || (c.begun && math.IsInf(v, -1)) {
				t.Fatalf("late %d: %v", k, v)
			}
		}
	}
}

// extremeTick has hosts that come and go, change sides, and count anything from next to nothing to what no service has.
func extremeTick(t *rapid.T, at time.Duration) Tick {
	k := Tick{At: at}
	for _, host := range []string{"a", "b", "c", "d"} {
		if !rapid.Bool().Draw(t, "there") {
			continue
		}
		arm := rapid.SampledFrom([]Arm{Canary, Baseline}).Draw(t, "arm")
		n := rapid.SampledFrom([]float64{0, 1e-9, 0.3, 1, 17, 1000, 1e6, 1e12, 1e15}).Draw(t, "requests")
		share := rapid.SampledFrom([]float64{0, 1e-12, 0.001, 0.3, 1, 1}).Draw(t, "errors")
		k.Samples = append(k.Samples,
			Sample{Arm: arm, Host: host, Metric: "errors", Events: n * share, Exposure: n},
			Sample{Arm: arm, Host: host, Metric: "latency", Kind: Histogram, Buckets: []Bucket{{0.1, n * (1 - share)}, {0.3, 0}, {math.Inf(1), n * share}}})
	}
	return k
}
