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
	if rapid.Bool().Draw(t, "before") {
		m.Before = &Before{Ratio: rapid.Float64Range(0.5, 2).Draw(t, "ratio"), Dispersion: rapid.Float64Range(0, 5).Draw(t, "dispersion")}
	}
	return Config{Metrics: []Metric{m, {Name: "slow", AtMost: 0.1, DryRun: rapid.Bool().Draw(t, "dry run")}}}
}

func drawTick(t *rapid.T, at time.Duration) Tick {
	return Tick{At: at, Samples: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Sample {
		n := rapid.IntRange(0, 500).Draw(t, "requests")
		return Sample{
			Arm: rapid.SampledFrom([]Arm{Canary, Baseline}).Draw(t, "arm"), Host: rapid.SampledFrom([]string{"w1", "w2", "w3"}).Draw(t, "host"),
			Metric: rapid.SampledFrom([]string{"errors", "slow"}).Draw(t, "metric"),
			Events: float64(rapid.IntRange(0, min(n, 20)).Draw(t, "errors")), Exposure: float64(n),
		}
	}), 0, 6).Draw(t, "samples")}
}

// A state can be journalled after each look, and judging is a function of values: the
// state given is not changed, and the one read back says the same.
func TestStatesAreValuesAndSurviveTheJournal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "looks") {
			tick := drawTick(t, time.Duration(i+1)*time.Minute)
			before, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			var read State
			if err := json.Unmarshal(before, &read); err != nil {
				t.Fatal(err)
			}
			next, f := Look(s, tick)
			again, g := Look(read, tick)
			if !reflect.DeepEqual(f, g) {
				t.Fatalf("read back it says\n%+v and not\n%+v", g, f)
			}
			if after, _ := json.Marshal(s); string(after) != string(before) {
				t.Fatal("the state that was given has changed")
			}
			if a, _ := json.Marshal(next); true {
				if b, _ := json.Marshal(again); string(a) != string(b) {
					t.Fatal("the next states differ")
				}
			}
			s = next
		}
	})
}

func TestTheOrderOfSamplesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		tick := drawTick(t, time.Minute)
		_, f := Look(s, tick)
		slices.Reverse(tick.Samples)
		_, g := Look(s, tick)
		if !reflect.DeepEqual(f, g) {
			t.Fatalf("%+v\n%+v", f, g)
		}
	})
}

// The comparison is of rates: counting exposure in thousands changes nothing.
func TestTheUnitOfExposureDoesNotMatterToTheRatio(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(0, 50).Draw(t, "x"), rapid.Float64Range(0, 50).Draw(t, "y")
		a, b := rapid.Float64Range(50, 1e5).Draw(t, "a"), rapid.Float64Range(50, 1e5).Draw(t, "b")
		unit := rapid.Float64Range(1e-3, 1e3).Draw(t, "unit")
		p := weighing{}.add(worse(x, a, y, b, 1.5), 1).log()
		q := weighing{}.add(worse(x, a*unit, y, b*unit, 1.5), 1).log()
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
		against := func(x, y float64) float64 { return weighing{}.add(worse(x, a, y, b, 1.5), 1).log() }
		favour := func(x, y float64) float64 { return weighing{}.add(better(x, a, y, b, 1.5), 1).log() }
		if against(x+1, y) < against(x, y) || against(x, y+1) > against(x, y) {
			t.Fatal("evidence against it")
		}
		if favour(x+1, y) > favour(x, y) || favour(x, y+1) < favour(x, y) {
			t.Fatal("evidence for it")
		}
	})
}

// Numbers that are no counts are left out, whatever they are, and nothing breaks.
func TestStrangeSamplesAreLeftOut(t *testing.T) {
	t.Parallel()
	strange := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -math.MaxFloat64}
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		clean := drawTick(t, time.Minute)
		dirty := Tick{At: clean.At, Samples: append(slices.Clone(clean.Samples),
			Sample{Canary, "w1", "errors", rapid.SampledFrom(strange).Draw(t, "events"), 10},
			Sample{Baseline, "w2", "slow", 1, rapid.SampledFrom(strange).Draw(t, "exposure")},
			Sample{Canary, "w1", "errors", 1, 0},
			Sample{"other", "w1", "errors", 1, 1},
		)}
		s1, f := Look(s, clean)
		s2, g := Look(s, dirty)
		if g.Strange != 4 || f.Against != g.Against || !reflect.DeepEqual(s1.Metrics, s2.Metrics) {
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
			s, f = Look(s, Tick{At: time.Duration(i) * time.Hour, Samples: []Sample{
				{Canary, "w1", "errors", rapid.Float64Range(0, a).Draw(t, "x"), a},
				{Baseline, "w2", "errors", rapid.Float64Range(0, b).Draw(t, "y"), b},
			}})
			if _, err := json.Marshal(f); err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(s); err != nil {
				t.Fatal(err)
			}
		}
	})
}
