package judge

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawConfig(t *rapid.T) Config {
	m := Metric{Name: "errors", WorseBy: rapid.SampledFrom([]float64{0, 1, 1.5, 3}).Draw(t, "worse by"), AtMost: rapid.SampledFrom([]float64{0, 0.01, 0.1}).Draw(t, "at most")}
	if m.WorseBy == 0 && m.AtMost == 0 {
		m.AtMost = 0.05
	}
	latency := Metric{Name: "latency", Kind: Histogram, WorseBy: 1.3}
	memory := Metric{Name: "memory", Kind: Gauge, WorseBy: 1.3, AtMost: 1e9}
	return Config{Metrics: []Metric{m, {Name: "slow", AtMost: 0.1, DryRun: rapid.Bool().Draw(t, "dry run")}, latency, memory}}
}

func drawTick(t *rapid.T, at time.Duration) Tick {
	arms, hosts := []Arm{Canary, Baseline, CanaryBefore, BaselineBefore}, []string{"w1", "w2", "w3"}
	tick := Tick{At: at}
	for _, host := range hosts {
		arm := rapid.SampledFrom(arms).Draw(t, "arm")
		for _, metric := range []string{"errors", "slow"} {
			n := rapid.IntRange(0, 500).Draw(t, "requests")
			tick.Samples = append(tick.Samples, count(arm, host, metric, float64(rapid.IntRange(0, min(n, 20)).Draw(t, "errors")), float64(n)))
		}
		latency := Sample{Arm: arm, Host: host, Metric: "latency", Kind: Histogram}
		for _, edge := range []float64{0.1, 0.2, 0.5, math.Inf(1)} {
			latency.Buckets = append(latency.Buckets, Bucket{edge, float64(rapid.IntRange(0, 300).Draw(t, "requests"))})
		}
		tick.Samples = append(tick.Samples, latency, Sample{Arm: arm, Host: host, Metric: "memory", Kind: Gauge, Value: rapid.Float64Range(0, 1e9).Draw(t, "memory")})
	}
	tick.Samples = rapid.Permutation(tick.Samples).Draw(t, "order")[:rapid.IntRange(0, len(tick.Samples)).Draw(t, "samples")]
	return tick
}

// Judging is a function of the ticks: the same ones judged again say the same, and so does the
// verdict without its reasons.
func TestTheSameTicksSayTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "looks") {
			tick := drawTick(t, time.Duration(i+1)*time.Minute)
			before, err := json.Marshal(tick)
			if err != nil {
				t.Fatal(err)
			}
			f := see(s, tick)
			again.Look(tick)
			v := again.Verdict()
			if g := again.Finding(); !reflect.DeepEqual(f, g) || v != g.Verdict {
				t.Fatalf("judged again it says %s,\n%+v and not\n%+v", v, g, f)
			}
			if after, _ := json.Marshal(tick); string(after) != string(before) {
				t.Fatal("the tick that was given has changed")
			}
		}
	})
}

func TestTheOrderOfSamplesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		other, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		tick := drawTick(t, time.Minute)
		f := see(s, tick)
		slices.Reverse(tick.Samples)
		g := see(other, tick)
		if !reflect.DeepEqual(f, g) {
			t.Fatalf("%+v\n%+v", f, g)
		}
	})
}

// oneLook is the evidence against the canary and for it after one look.
func oneLook(hosts belief, x, a, y, b float64) (against, favour float64) {
	w := oneBlock(block{canary: Count{x, a}, baseline: Count{y, b}, bursts: dispersions{1}})
	return w.against(&hosts, 1.5), w.now(1.5).favour(&hosts, 0)
}

// The comparison is of rates: counting exposure in thousands changes nothing.
func TestTheUnitOfExposureDoesNotMatterToTheRatio(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(0, 50).Draw(t, "x"), rapid.Float64Range(0, 50).Draw(t, "y")
		a, b := rapid.Float64Range(50, 1e5).Draw(t, "a"), rapid.Float64Range(50, 1e5).Draw(t, "b")
		unit := rapid.Float64Range(1e-3, 1e3).Draw(t, "unit")
		hosts := student(0.3, 16)
		p, _ := oneLook(hosts, x, a, y, b)
		q, _ := oneLook(hosts, x, a*unit, y, b*unit)
		if math.Abs(p-q) > 1e-9*max(1, math.Abs(p)) {
			t.Fatalf("%v and %v", p, q)
		}
	})
}

// One more error of the canary never speaks for it, one more of the baseline never against it.
func TestErrorsCountTheRightWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(0, 50).Draw(t, "x"), rapid.Float64Range(0, 50).Draw(t, "y")
		a, b := rapid.Float64Range(60, 1e4).Draw(t, "a"), rapid.Float64Range(60, 1e4).Draw(t, "b")
		hosts := student(rapid.Float64Range(0.05, 0.5).Draw(t, "spread"), 200)
		against, favour := oneLook(hosts, x, a, y, b)
		const slack = 1e-6 // what is far in the tails counts for that much
		if more, less := oneLook(hosts, x+1, a, y, b); more < against-slack || less > favour+slack {
			t.Fatalf("one more of the canary: against it %v and then %v, for it %v and then %v", against, more, favour, less)
		}
		if less, more := oneLook(hosts, x, a, y+1, b); less > against+slack || more < favour-slack {
			t.Fatalf("one more of the baseline: against it %v and then %v, for it %v and then %v", against, less, favour, more)
		}
	})
}

// Numbers that are no counts are left out, whatever they are, and nothing breaks.
func TestStrangeSamplesAreLeftOut(t *testing.T) {
	t.Parallel()
	strange := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -math.MaxFloat64}
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		other, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		clean := drawTick(t, time.Minute)
		dirty := Tick{At: clean.At, Samples: append(slices.Clone(clean.Samples),
			count(Canary, "w1", "errors", rapid.SampledFrom(strange).Draw(t, "events"), 10),
			count(Baseline, "w2", "slow", 1, rapid.SampledFrom(strange).Draw(t, "exposure")),
			count(Canary, "w1", "errors", 1, 0),
			count("other", "w1", "errors", 1, 1),
			Sample{Arm: Canary, Host: "w1", Metric: "latency", Kind: Histogram, Buckets: []Bucket{{2, 1}, {1, 1}, {math.Inf(1), 1}}},
			Sample{Arm: Canary, Host: "w1", Metric: "latency", Kind: Histogram, Buckets: []Bucket{{2, 1}}},
			Sample{Arm: Canary, Host: "w1", Metric: "memory", Kind: Gauge, Value: math.NaN()},
			Sample{Arm: Canary, Host: "w1", Metric: "errors", Kind: Gauge, Value: 1},
		)}
		f, g := see(s, clean), see(other, dirty)
		if g.Strange != 8 || f.Against != g.Against || !reflect.DeepEqual(f.Metrics, g.Metrics) {
			t.Fatalf("%d left out, evidence %v and %v", g.Strange, f.Against, g.Against)
		}
		if _, err := json.Marshal(g); err != nil {
			t.Fatal(err)
		}
	})
}

// Extreme but valid counts neither overflow nor lose the JSON.
func TestExtremeCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.Float64Range(0, 1e12)
		for i := range 3 {
			a, b := 1+n.Draw(t, "a"), 1+n.Draw(t, "b")
			var f Finding
			f = see(s, Tick{At: time.Duration(i) * time.Hour, Samples: []Sample{
				count(Canary, "w1", "errors", rapid.Float64Range(0, a).Draw(t, "x"), a),
				count(Baseline, "w2", "errors", rapid.Float64Range(0, b).Draw(t, "y"), b),
			}})
			if _, err := json.Marshal(f); err != nil {
				t.Fatal(err)
			}
		}
	})
}
