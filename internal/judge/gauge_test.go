package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// memory is a gauge of ten hosts, the first the canary: levels that differ, noise that hangs together,
// and growth an hour.
type memory struct {
	seed   uint64
	leak   float64 // of the canary, a share of its level an hour
	level  float64 // of the canary, times what it would be; 1 when 0
	differ float64
	noise  float64
	fills  float64 // of the canary's caches: they grow by this share with a time constant of a minute
	before time.Duration
}

func (g memory) judge(t *testing.T, c Config, length time.Duration) Finding {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(g.seed, 7))
	var level, noise [10]float64
	for i := range level {
		level[i], noise[i] = 1e9*math.Exp(g.differ*r.NormFloat64()), g.noise*r.NormFloat64()
	}
	const every = 5 * time.Second
	keep := math.Exp(-every.Seconds() / 60)
	for at := every - g.before; at <= length; at += every {
		tick := Tick{At: at}
		if at <= 0 {
			tick.At = min(at, -1)
		}
		for i := range level {
			noise[i] = keep*noise[i] + math.Sqrt(1-keep*keep)*g.noise*r.NormFloat64()
			v, arm := level[i]*math.Exp(noise[i]), Baseline
			if i == 0 {
				arm = Canary
			}
			if i == 0 && at > 0 {
				v *= or(g.level, 1) * (1 + g.leak*at.Hours()) * (1 - g.fills*math.Exp(-at.Minutes()))
			}
			tick.Samples = append(tick.Samples, Sample{Arm: arm, Host: fmt.Sprintf("h%d", i), Metric: "memory", Kind: Gauge, Value: v})
		}
		if s.Look(tick); s.Failed() {
			break
		}
	}
	return s.End(0)
}

func memoryWorseBy(ratio float64) Config {
	return Config{Metrics: []Metric{{Name: "memory", Kind: Gauge, WorseBy: ratio}}}
}

func TestGauges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		memory memory
		want   Verdict
		share  float64 // of the seeds that must say so
	}{
		{"a leak of 60 % an hour", memory{leak: 0.6, differ: 0.3, noise: 0.005}, Fail, 0.6},
		{"a leak of 60 % an hour, known before", memory{leak: 0.6, differ: 0.3, noise: 0.005, before: 10 * time.Minute}, Fail, 0.6},
		{"a leak of 50 % an hour, little noise", memory{leak: 0.5, differ: 0.3, noise: 0.003}, Fail, 0.9},
		{"three times as much, known before", memory{level: 3, differ: 0.3, noise: 0.02, before: 10 * time.Minute}, Fail, 0.9},
		{"the same, known before", memory{differ: 0.3, noise: 0.02, before: 10 * time.Minute}, Pass, 0.9},
		{"a cache that fills", memory{fills: 0.5, differ: 0.3, noise: 0.01}, Fail, -1},
		{"hosts that differ", memory{differ: 0.5, noise: 0.05}, Fail, -1},
		{"noise that hangs together", memory{differ: 0.1, noise: 0.2}, Fail, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n, said := runs(10), 0
			var last Finding
			for i := range n {
				c.memory.seed = uint64(i)
				f := c.memory.judge(t, memoryWorseBy(1.3), time.Hour)
				if f.Verdict == c.want {
					said, last = said+1, f
				}
			}
			t.Logf("%s %d of %d; %s", c.want, said, n, last.Reason)
			if c.share < 0 && said > 0 || c.share > 0 && float64(said) < c.share*float64(n) {
				t.Errorf("%s %d of %d times: %s", c.want, said, n, last.Reason)
			}
		})
	}
}

func TestAGaugeBeyondItsLimitFailsAfterTheJudgesPatience(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		metric Metric
		value  func(i int) float64
		want   Verdict
	}{
		{"a spike", Metric{AtMost: 100}, func(i int) float64 { return map[bool]float64{true: 500, false: 50}[i == 10] }, Pass},
		{"beyond it", Metric{AtMost: 100}, func(i int) float64 { return 101 }, Fail},
		{"below it", Metric{AtMost: 100}, func(i int) float64 { return 99 }, Pass},
		{"more is better", Metric{AtMost: 100, Higher: true}, func(i int) float64 { return 99 }, Fail},
		{"more is better, and is", Metric{AtMost: 100, Higher: true}, func(i int) float64 { return 101 }, Pass},
	} {
		c.metric.Name, c.metric.Kind = "queue", Gauge
		s, err := New(Config{Metrics: []Metric{c.metric}})
		if err != nil {
			t.Fatal(err)
		}
		var f Finding
		for i := range 80 {
			f = see(s, Tick{At: time.Duration(i+1) * 5 * time.Second, Samples: []Sample{{Arm: Canary, Host: "w1", Metric: "queue", Kind: Gauge, Value: c.value(i)}}})
		}
		if f.Verdict != c.want {
			t.Errorf("%s: %s: %s", c.name, f.Verdict, f.Reason)
		}
	}
}

// A gauge that is far too high is never passed, however little is known.
func TestAGaugeThatIsFarTooHighIsNotPassed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		baseline  int // hosts
		low, high float64
		before    bool
		want      Verdict
	}{
		{name: "ten times, one host each", baseline: 1, low: 100, high: 1000, want: Inconclusive},
		{name: "ten times, one host each, known before", baseline: 1, low: 100, high: 1000, before: true, want: Fail},
		{name: "ten times, three beside it", baseline: 3, low: 100, high: 1000, want: Inconclusive},
		{name: "ten times, nine beside it", baseline: 9, low: 100, high: 1000, want: Fail},
		{name: "something beside nothing, one host each", baseline: 1, low: 0, high: 500, want: Inconclusive},
		{name: "something beside nothing", baseline: 9, low: 0, high: 500, want: Fail},
		{name: "one beside nothing", baseline: 3, low: 0, high: 1, want: Fail},
		{name: "three times exactly", baseline: 9, low: 100, high: 300, want: Inconclusive},
		{name: "nothing beside nothing, one host each", baseline: 1, want: Inconclusive},
		{name: "nothing beside nothing", baseline: 9, want: Pass},
		{name: "nothing beside nothing, known before", baseline: 3, before: true, want: Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := New(memoryWorseBy(1.5))
			if err != nil {
				t.Fatal(err)
			}
			const every = 5 * time.Second
			var f Finding
			for at := -10 * time.Minute; at <= 30*time.Minute; at += every {
				if at == 0 || at < 0 && !c.before {
					continue
				}
				tick := Tick{At: at, Samples: []Sample{{Arm: Canary, Host: "c", Metric: "memory", Kind: Gauge, Value: c.high}}}
				if at < 0 {
					tick.Samples[0].Value = c.low
				}
				for i := range c.baseline {
					tick.Samples = append(tick.Samples, Sample{Arm: Baseline, Host: fmt.Sprintf("b%d", i), Metric: "memory", Kind: Gauge, Value: c.low})
				}
				was := f.Verdict
				if f = see(s, tick); f.Verdict != was {
					t.Logf("%v %s: %s", at, f.Verdict, f.Reason)
				}
				if f.Verdict == Pass && c.want != Pass {
					t.Fatalf("passed at %s: %s", at, f.Reason)
				}
			}
			if f.Verdict != c.want {
				t.Errorf("%s, want %s: %s", f.Verdict, c.want, f.Reason)
			}
		})
	}
}
