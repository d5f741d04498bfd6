package judge

import (
	"testing"
	"time"
)

// One error in ten minutes before the deploy is no reason to hold any number of them for one host's burst.
func TestOneErrorBeforeHidesNothing(t *testing.T) {
	t.Parallel()
	for _, erring := range []string{"a", "b"} {
		s, err := New(oneMetric())
		if err != nil {
			t.Fatal(err)
		}
		look := func(at time.Duration, events map[string]float64) {
			k := Tick{At: at}
			for i, host := range []string{"a", "b"} {
				k.Samples = append(k.Samples, Sample{Arm: []Arm{Canary, Baseline}[i], Host: host, Metric: "errors", Events: events[host], Exposure: 150})
			}
			s.Look(k)
		}
		for at := -10 * time.Minute; at < 0; at += 5 * time.Second {
			events := map[string]float64{}
			if at == -5*time.Minute {
				events[erring] = 1
			}
			look(at, events)
		}
		at := time.Duration(0)
		for ; at < 2*time.Minute && !s.Failed(); at += 5 * time.Second {
			look(at+5*time.Second, map[string]float64{"a": 75})
		}
		if at > time.Minute {
			t.Errorf("error of %s: half of all requests fail, and nobody says so within %s", erring, at)
		}
	}
}

// The first look of a record lasts nobody knows how long: it makes the others no shorter.
func TestUsualBurstsWhateverIsKnown(t *testing.T) {
	t.Parallel()
	for _, first := range []time.Duration{0, 5 * time.Second} {
		var d dispersion
		for i := range 30 {
			span := 5 * time.Second
			if i == 0 {
				span = first
			}
			d.add([]Count{{1, 100}, {0, 100}}, []Count{{10, 1000}, {10, 1000}}, 11, span)
		}
		if got := d.usual(); got != 2 {
			t.Errorf("first look of %s: bursts usually last 2^%d looks, want 4", first, got)
		}
	}
}
