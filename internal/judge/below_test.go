package judge

import (
	"strings"
	"testing"
	"time"
)

// Twice a temperature of -10 degrees is no worse one: such values are not compared, and a limit judges them.
func TestGaugesBelowNothing(t *testing.T) {
	t.Parallel()
	show := func(m Metric, canary, baseline float64) *State {
		m.Name, m.Kind = "cold", Gauge
		s, err := New(Config{Metrics: []Metric{m}})
		if err != nil {
			t.Fatal(err)
		}
		for at := 5 * time.Second; at <= 20*time.Minute && !s.Failed(); at += 5 * time.Second {
			wobble := float64(at/(5*time.Second)%3) / 50
			s.Look(Tick{At: at, Samples: []Sample{
				{Arm: Canary, Host: "c", Metric: "cold", Kind: Gauge, Value: canary + wobble},
				{Arm: Baseline, Host: "b", Metric: "cold", Kind: Gauge, Value: baseline - wobble},
			}})
		}
		return s
	}
	for _, canary := range []float64{-300, -100, -10} {
		s := show(Metric{WorseBy: 1.5}, canary, -100)
		if reason := s.Finding().Metrics[0].Reason; s.Verdict() != NoData || !strings.Contains(reason, "at_most") {
			t.Errorf("%v beside -100: %s, %s", canary, s.Verdict(), reason)
		}
	}
	if s := show(Metric{AtMost: 20}, -10, -12); s.Verdict() != Pass {
		t.Errorf("-10 where 20 are allowed: %s", s.Finding().Reason)
	}
	if s := show(Metric{WorseBy: 1.5}, 10, 10); strings.Contains(s.Finding().Metrics[0].Reason, "below 0") {
		t.Errorf("10 beside 10: %s", s.Finding().Reason)
	}
}
