package judge

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// watched shows a canary beside other hosts for a time: each look as many requests and errors, and from when it breaks
// all of the canary's fail. It returns when the judge says fail.
func watched(t *testing.T, m Metric, requests, rate float64, every, length, breaks time.Duration) (found time.Duration, passed bool) {
	t.Helper()
	s, err := New(Config{Metrics: []Metric{m}})
	if err != nil {
		t.Fatal(err)
	}
	for at := every; at <= length; at += every {
		k := Tick{At: at}
		for i, arm := range []Arm{Canary, Baseline} {
			sample := Sample{Arm: arm, Host: fmt.Sprint("h", i), Metric: m.Name, Exposure: requests, Events: requests * rate}
			if arm == Canary && breaks > 0 && at >= breaks {
				sample.Events = requests
			}
			if m.Kind == Histogram {
				sample.Kind, sample.Buckets = Histogram, []Bucket{{0.1, requests - sample.Events}, {math.Inf(1), sample.Events}}
				sample.Events, sample.Exposure = 0, 0
			}
			k.Samples = append(k.Samples, sample)
		}
		if s.Look(k); s.Failed() {
			return at, passed
		}
		passed = s.Verdict() == Pass
	}
	return 0, passed
}

// A canary that is far better than what is tolerated stays so, however much is seen of it.
func TestWhatIsFarBetterIsNeverCalledBad(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Metric{
		"a limit":                {Name: "errors", AtMost: 0.01},
		"a limit and a baseline": {Name: "errors", AtMost: 0.01, WorseBy: 1.1},
		"latency with a limit":   {Name: "latency", Kind: Histogram, AtMost: 0.1},
	} {
		for _, requests := range []float64{50, 1500, 75_000} {
			found, passed := watched(t, m, requests, 0.0005, 15*time.Second, 3*time.Hour, 0)
			if found != 0 || !passed {
				t.Errorf("%s, %v requests a look: fail after %s, passes in the end: %v", name, requests, found, passed)
			}
		}
	}
}

// When all requests begin to fail that is seen at once, at any look of a block, whatever was before.
func TestAnOutageIsFoundWhateverWasBefore(t *testing.T) {
	t.Parallel()
	for _, m := range []Metric{{Name: "errors", AtMost: 0.01}, {Name: "errors", WorseBy: 1.1}, {Name: "latency", Kind: Histogram, AtMost: 0.1}} {
		for _, requests := range []float64{600, 3000, 30_000} {
			for onset := range 9 {
				breaks := 40*time.Minute + time.Duration(onset)*5*time.Second
				found, _ := watched(t, m, requests, 0.0005, 5*time.Second, breaks+5*time.Minute, breaks)
				if found < breaks || found > breaks+time.Minute {
					t.Errorf("%+v, %v requests a look: all of them fail from %s on, found at %s", m, requests, breaks, found)
				}
			}
		}
	}
}

// What a canary does while it starts may be of its starting: by itself it is never much against the release.
func TestAStartByItselfSaysLittle(t *testing.T) {
	t.Parallel()
	s, err := New(oneMetric())
	if err != nil {
		t.Fatal(err)
	}
	for at := -time.Hour; at <= 15*time.Second; at += 5 * time.Second {
		if at == 0 {
			continue
		}
		k := Tick{At: at}
		for i := range 20 {
			sample := Sample{Arm: Baseline, Host: fmt.Sprint("h", i), Metric: "errors", Exposure: 500, Events: float64((int(at.Seconds())/5 + i) % 2)}
			if i < 2 {
				sample.Arm = Canary
			}
			if i < 2 && at > 0 {
				sample.Events = 250
			}
			k.Samples = append(k.Samples, sample)
		}
		s.Look(k)
	}
	if against := s.metrics[0].against; against < 0 || against > math.Log(6) {
		t.Errorf("half of its requests fail in the first 15 seconds: evidence %.2f to 1, want at most 6", math.Exp(against))
	}
}
