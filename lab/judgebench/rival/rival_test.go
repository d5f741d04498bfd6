package rival

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

const bakes = 30 * time.Minute

// arm is what one host does in a tick.
type arm struct {
	requests, errors float64
	slow             float64 // share of requests that take 1 s and not 0.1 s
	memory           float64
}

func (a arm) samples(side judge.Arm, host string) []judge.Sample {
	var buckets []judge.Bucket
	for _, edge := range []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, math.Inf(1)} {
		n := 0.0
		switch edge {
		case 0.1:
			n = a.requests * (1 - a.slow)
		case 1:
			n = a.requests * a.slow
		}
		buckets = append(buckets, judge.Bucket{AtMost: edge, Count: n})
	}
	return []judge.Sample{
		{Arm: side, Host: host, Metric: stream.Errors, Kind: judge.Counts, Events: a.errors, Exposure: a.requests},
		{Arm: side, Host: host, Metric: stream.Latency, Kind: judge.Histogram, Buckets: buckets},
		{Arm: side, Host: host, Metric: stream.Memory, Kind: judge.Gauge, Value: a.memory},
	}
}

// verdict shows a judge a bake whose arms are functions of the tick's number, and returns
// what it said and when.
func verdict(t *testing.T, name string, canary, baseline func(i int) arm) (Verdict, time.Duration) {
	t.Helper()
	all := All()
	j, err := all[slices.IndexFunc(all, func(c Contender) bool { return c.Name == name })].New(bakes)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; ; i++ {
		at := time.Duration(i) * stream.Interval
		samples := slices.Concat(canary(i).samples(judge.Canary, "web01"), baseline(i).samples(judge.Baseline, "web02"))
		if v := j.Look(Look(judge.Tick{At: at, Samples: samples}, at >= bakes)); v != Wait {
			return v, at
		}
		if at > bakes {
			t.Fatalf("%s says nothing at the end", name)
		}
	}
}

func always(a arm) func(int) arm { return func(int) arm { return a } }

// minutes is a during these minutes (counted from 1), and b in the others.
func minutes(a, b arm, which ...int) func(int) arm {
	return func(i int) arm {
		if slices.Contains(which, (i-1)/12+1) {
			return a
		}
		return b
	}
}

// from is a from this minute on, and b before.
func from(minute int, a, b arm) func(int) arm {
	return func(i int) arm {
		if (i-1)/12+1 >= minute {
			return a
		}
		return b
	}
}

var noise = [...]float64{0, 1, -2, 3, -1, 2, -3, 1, 0, -1, 2}

// wobble is an arm with a rate that goes up and down from minute to minute.
func wobble(errors, step float64) func(int) arm {
	return func(i int) arm {
		return arm{requests: 10_000, errors: errors + step*noise[((i-1)/12)%len(noise)], memory: 500}
	}
}

func TestRivals(t *testing.T) {
	t.Parallel()
	fine := arm{requests: 100, memory: 500}
	bad := arm{requests: 100, errors: 2, memory: 500}       // 98 %
	worst := arm{requests: 100, errors: 10, memory: 500}    // 90 %
	slow := arm{requests: 100, slow: 0.02, memory: 500}     // P99 between 0.5 and 1 s
	fatter := arm{requests: 100, memory: 520}               // less than allowedIncrease
	leaking := arm{requests: 100, memory: 600}              // more
	quiet := arm{memory: 500}                               // no requests
	tenfold := arm{requests: 1000, errors: 10, memory: 500} // 1 %
	usual := arm{requests: 1000, errors: 1, memory: 500}
	for _, c := range []struct {
		name, judge      string
		canary, baseline func(int) arm
		want             Verdict
		at               time.Duration
	}{
		{"documented time: interval * threshold", "Flagger", always(bad), always(fine), Abort, 10 * time.Minute},
		{"latency alone", "Flagger", always(slow), always(fine), Abort, 10 * time.Minute},
		{"99 % is in range", "Flagger", always(arm{requests: 100, errors: 1}), always(fine), Promote, bakes},
		{"nine failed checks", "Flagger", minutes(bad, fine, 1, 2, 3, 8, 9, 14, 15, 20, 30), always(fine), Promote, bakes},
		{"a tenth, not in a row", "Flagger", minutes(bad, fine, 1, 2, 3, 8, 9, 14, 15, 20, 26, 29), always(fine), Abort, 29 * time.Minute},
		{"no baseline: an outage behind both", "Flagger", always(bad), always(bad), Abort, 10 * time.Minute},
		{"no values found is a failed check", "Flagger", always(quiet), always(fine), Abort, 10 * time.Minute},
		{"no values found, nine times", "Flagger", minutes(quiet, fine, 1, 2, 3, 4, 5, 6, 7, 8, 9), always(fine), Promote, bakes},
		{"99.2 %", "Flagger, tuned", always(arm{requests: 125, errors: 1}), always(fine), Abort, 10 * time.Minute},

		{"a fourth failed measurement", "Argo Rollouts", always(worst), always(fine), Abort, 20 * time.Minute},
		{"failureLimit 3", "Argo Rollouts", minutes(worst, fine, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), always(fine), Promote, bakes},
		{"a fourth, not in a row", "Argo Rollouts", minutes(worst, fine, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 26, 27, 28, 29, 30), always(fine), Abort, bakes},
		{"95 % meets the condition", "Argo Rollouts", always(arm{requests: 100, errors: 5}), always(fine), Promote, bakes},
		{"NaN does not", "Argo Rollouts", always(quiet), always(fine), Abort, 20 * time.Minute},
		{"99.2 %", "Argo Rollouts, tuned", always(arm{requests: 125, errors: 1}), always(fine), Abort, 3 * time.Minute},

		{"the same series", "Kayenta", wobble(10, 1), wobble(10, 1), Promote, bakes},
		{"twice the errors", "Kayenta", wobble(20, 1), wobble(10, 1), Abort, bakes},
		{"half the errors", "Kayenta", wobble(5, 1), wobble(10, 1), Promote, bakes},
		{"a shift that is lost in noise", "Kayenta", wobble(51, 10), wobble(50, 10), Promote, bakes},
		{"memory within allowedIncrease", "Kayenta", always(fatter), always(fine), Promote, bakes},
		{"memory beyond it", "Kayenta", always(leaking), always(fine), Abort, bakes},
		{"less memory", "Kayenta", always(fine), always(leaking), Promote, bakes},
		{"two of three metrics without data", "Kayenta", always(quiet), always(fine), Abort, bakes},
		{"a fault that went away", "Kayenta", minutes(bad, fine, 1, 2, 3, 4, 5, 6, 7, 8), always(fine), Promote, bakes},

		// Bad in b of n minutes, the canary differs in b/n of the differences; the bound lies at
		// about 0.39 of them, or 0.41 or 0.42 of the longer series.
		{"twice the errors", "Kayenta, 10 min", wobble(20, 1), wobble(10, 1), Abort, 10 * time.Minute},
		{"alike", "Kayenta, 10 min", wobble(10, 1), wobble(10, 1), Promote, bakes},
		{"a tenth more errors, which it tolerates", "Kayenta, 10 min, 1.1x", wobble(54, 1), wobble(50, 1), Promote, bakes},
		{"a tenth more errors", "Kayenta, 10 min", wobble(54, 1), wobble(50, 1), Abort, 10 * time.Minute},
		{"8 of 10", "Kayenta, 10 min", minutes(bad, fine, 1, 2, 3, 4, 5, 6, 7, 8), always(fine), Abort, 10 * time.Minute},
		{"5 of 10, 15 of 20: all since the deploy", "Kayenta, 10 min", from(6, bad, fine), always(fine), Abort, 20 * time.Minute},
		{"10 of 20, 20 of 30", "Kayenta, 10 min", from(11, bad, fine), always(fine), Abort, bakes},
		{"10 of 30", "Kayenta, 10 min", from(21, bad, fine), always(fine), Promote, bakes},

		{"ten times, at the end", "fixed test", always(tenfold), always(usual), Abort, bakes},
		{"alike", "fixed test", always(usual), always(usual), Promote, bakes},
		{"no errors at all", "fixed test", always(fine), always(fine), Promote, bakes},
		{"slower requests", "fixed test", always(slow), always(fine), Abort, bakes},
		{"ten times, peeked at", "fixed test, peeked at", always(tenfold), always(usual), Abort, 10 * time.Second},

		{"over 5 %", "10-minute bake", always(worst), always(fine), Abort, time.Minute},
		{"2 %", "10-minute bake", always(bad), always(fine), Promote, 10 * time.Minute},
		{"over 5 %, too late", "10-minute bake", minutes(worst, fine, 11, 12), always(fine), Promote, 10 * time.Minute},
	} {
		t.Run(c.judge+": "+c.name, func(t *testing.T) {
			t.Parallel()
			if v, at := verdict(t, c.judge, c.canary, c.baseline); v != c.want || at != c.at {
				t.Errorf("%s after %s, want %s after %s", v, at, c.want, c.at)
			}
		})
	}
}

// Slipway's judge through the same interface, on real rollouts of the steady stream.
func TestSlipway(t *testing.T) {
	t.Parallel()
	s := stream.All()[0]
	const bake = 10 * time.Minute
	for _, c := range []struct {
		fault stream.Fault
		want  []Verdict
	}{
		{stream.Healthy(), []Verdict{Promote, Hold}},
		{stream.Fault{Name: "errors 50x", Errors: 50, Latency: 1}, []Verdict{Abort}},
	} {
		j, err := newSlipway(bake)
		if err != nil {
			t.Fatal(err)
		}
		v, r := Wait, s.Rollout(stream.Cell{Rate: 200, Share: 0.1}, c.fault, 1, bake)
		for k, ok := r.Next(); ok && v == Wait; k, ok = r.Next() {
			v = j.Look(Look(k.Tick, k.At == bake))
		}
		if !slices.Contains(c.want, v) {
			t.Errorf("%s: %q, want one of %q", c.fault.Name, v, c.want)
		}
	}
}

// No data is no pass.
func TestSlipwayHoldsWithoutRequests(t *testing.T) {
	t.Parallel()
	if v, _ := verdict(t, "Slipway", always(arm{memory: 500}), always(arm{requests: 100, memory: 500})); v != Hold {
		t.Errorf("a canary without requests: %q, want hold", v)
	}
}

// The streams write their ticks over: no judge may keep one. Each gets the ticks of a real
// rollout twice, once as they are and once in memory that is spoilt after each look.
func TestJudgesKeepNoTick(t *testing.T) {
	t.Parallel()
	s := stream.All()[0]
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var said [2][]Verdict
			for spoil := range said {
				j, err := c.New(10 * time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				r := s.Rollout(stream.Cell{Rate: 200, Share: 0.1}, s.Faults()[1], 1, 10*time.Minute)
				for k, ok := r.Next(); ok; k, ok = r.Next() {
					tick := copied(k.Tick)
					v := j.Look(Look(tick, k.At == 10*time.Minute))
					said[spoil] = append(said[spoil], v)
					if v != Wait {
						break
					}
					if spoil == 1 {
						ruin(tick)
					}
				}
			}
			if !reflect.DeepEqual(said[0], said[1]) {
				t.Errorf("it said %d things of the ticks, and %d when they were written over", len(said[0]), len(said[1]))
			}
		})
	}
}

func copied(t judge.Tick) judge.Tick {
	t.Samples = slices.Clone(t.Samples)
	for i := range t.Samples {
		t.Samples[i].Buckets = slices.Clone(t.Samples[i].Buckets)
	}
	return t
}

func ruin(t judge.Tick) {
	for i := range t.Samples {
		for j := range t.Samples[i].Buckets {
			t.Samples[i].Buckets[j].Count = 1e6
		}
		t.Samples[i].Events, t.Samples[i].Exposure, t.Samples[i].Value = 1e6, 1e6, 1e9
	}
}
