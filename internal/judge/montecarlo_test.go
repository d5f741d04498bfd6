package judge

import (
	"math"
	"sort"
	"testing"
	"time"
)

// runs is how many rollouts a Monte Carlo test judges.
func runs(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func errorsWorseBy(ratio float64) Config {
	return Config{Metrics: []Metric{{Name: "errors", WorseBy: ratio}}}
}

// The share of releases no worse than tolerated that are ever called bad stays below
// alpha, looked at every five seconds for 15 minutes. The stated error is three
// standard deviations of a share of alpha in so many runs.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	drift := func(at time.Duration) float64 { return 1 + 9*math.Abs(math.Sin(at.Minutes()/3)) }
	jump := func(at time.Duration) float64 { return map[bool]float64{true: 20, false: 1}[at > 5*time.Minute] }
	for name, s := range map[string]stream{
		"steady, same":         {rps: 200, share: 0.1, base: 0.005, ratio: 1},
		"steady, at the limit": {rps: 200, share: 0.1, base: 0.005, ratio: 1.5},
		"half canary":          {rps: 100, share: 0.5, base: 0.01, ratio: 1.5},
		"sparse":               {rps: 20, share: 0.1, base: 0.0005, ratio: 1.5},
		"drifting":             {rps: 200, share: 0.1, base: 0.002, ratio: 1.5, drift: drift},
		"an outage of both":    {rps: 200, share: 0.1, base: 0.002, ratio: 1.5, drift: jump},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const alpha = 0.05
			n, alarms := runs(1000), 0
			c := errorsWorseBy(1.5)
			c.Alpha = alpha
			for i := range n {
				s.seed = uint64(i)
				if f, _ := judged(c, s, time.Hour, 15*time.Minute); f.Verdict == Fail {
					alarms++
				}
			}
			got, stated := float64(alarms)/float64(n), 3*math.Sqrt(alpha*(1-alpha)/float64(n))
			t.Logf("%d of %d: %.4f, promised %.4f, stated error %.4f", alarms, n, got, alpha, stated)
			if got > alpha+stated {
				t.Errorf("false alarms %.4f, promised %.4f with a stated error of %.4f", got, alpha, stated)
			}
		})
	}
}

// Whatever the evidence is at a fixed time, its mean at the limit is at most 1.
func TestTheMeanOfTheEvidenceIsAtMostOne(t *testing.T) {
	t.Parallel()
	n := runs(8000)
	var sum, squares float64
	for i := range n {
		s, err := New(errorsWorseBy(1.5))
		if err != nil {
			t.Fatal(err)
		}
		stream{seed: uint64(i), rps: 50, share: 0.2, base: 0.01, ratio: 1.5, interval: 30 * time.Second}.ticks(5*time.Minute, func(k Tick) bool {
			s = s.after(k)
			return true
		})
		e := math.Exp(s.against())
		sum, squares = sum+e, squares+e*e
	}
	mean := sum / float64(n)
	stated := 3 * math.Sqrt((squares/float64(n)-mean*mean)/float64(n))
	t.Logf("mean %.4f, stated error %.4f", mean, stated)
	if mean > 1+stated {
		t.Errorf("mean %.4f, promised at most 1 with a stated error of %.4f", mean, stated)
	}
}

// A canary that is worse than tolerated is called good no more often than beta.
func TestFalsePasses(t *testing.T) {
	t.Parallel()
	n, passes := runs(300), 0
	for i := range n {
		s := stream{seed: uint64(i), rps: 200, share: 0.3, base: 0.01, ratio: 1.5}
		if f, _ := judged(errorsWorseBy(1.5), s, 5*time.Second, 15*time.Minute); f.Verdict == Pass {
			passes++
		}
	}
	const beta = 0.05
	got, stated := float64(passes)/float64(n), 3*math.Sqrt(beta*(1-beta)/float64(n))
	t.Logf("%d of %d: %.4f, promised %.4f, stated error %.4f", passes, n, got, beta, stated)
	if got > beta+stated {
		t.Errorf("false passes %.4f, promised %.4f with a stated error of %.4f", got, beta, stated)
	}
}

// Median times to the alarm, every second a look, alpha 0.001, tolerated 1.3 times.
func TestDetectionTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stream stream
		under  time.Duration
	}{
		{"10x at 200 a second, 10 % canary", stream{rps: 200, share: 0.1, base: 0.001, ratio: 10}, 60 * time.Second},
		{"10x at 1000 a second, 5 % canary", stream{rps: 1000, share: 0.05, base: 0.001, ratio: 10}, 25 * time.Second},
		{"50x at 200 a second, 10 % canary", stream{rps: 200, share: 0.1, base: 0.001, ratio: 50}, 12 * time.Second},
		{"10x that sets in after 9 minutes", stream{rps: 200, share: 0.1, base: 0.001, ratio: 10, onset: 9 * time.Minute}, 9*time.Minute + 110*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var times []float64
			for i := range runs(300) {
				c.stream.seed, c.stream.interval = uint64(i), time.Second
				f, _ := judged(errorsWorseBy(1.3), c.stream, time.Hour, time.Hour)
				if f.Verdict != Fail {
					t.Fatalf("seed %d: missed: %s", i, f.Reason)
				}
				times = append(times, f.At.Seconds())
			}
			sort.Float64s(times)
			median := times[len(times)/2]
			t.Logf("median %.0f s, nine of ten within %.0f s", median, times[len(times)*9/10])
			if median > c.under.Seconds() {
				t.Errorf("median %.0f s, want under %s", median, c.under)
			}
		})
	}
}

// A fault that sets in late is found later without fresh copies.
func TestFreshCopiesFindALateOnset(t *testing.T) {
	t.Parallel()
	median := func(fresh time.Duration) float64 {
		var times []float64
		c := errorsWorseBy(1.3)
		c.Fresh = fresh
		for i := range runs(100) {
			s := stream{seed: uint64(i), rps: 200, share: 0.1, base: 0.002, ratio: 5, onset: 25 * time.Minute}
			f, _ := judged(c, s, 2*time.Hour, 2*time.Hour)
			times = append(times, f.At.Seconds()-s.onset.Seconds())
		}
		sort.Float64s(times)
		return times[len(times)/2]
	}
	with, without := median(2*time.Minute), median(10*time.Hour)
	t.Logf("median %.0f s after the onset with fresh copies, %.0f s without", with, without)
	if with >= without {
		t.Errorf("fresh copies gain nothing: %.0f s and %.0f s", with, without)
	}
}

// Errors in bursts break independence; what Learn finds in the time before repairs it.
func TestBurstsAndHostsThatDiffer(t *testing.T) {
	t.Parallel()
	const alpha = 0.01
	for name, s := range map[string]stream{
		"bursts":          {rps: 200, share: 0.2, base: 0.01, ratio: 1, burst: 8},
		"a worse machine": {rps: 200, share: 0.2, base: 0.01, ratio: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, plain, corrected := runs(300), 0, 0
			for i := range n {
				var before []Tick
				s.seed = uint64(1e6 + i)
				s.ticks(time.Hour, func(k Tick) bool { before = append(before, k); return true })
				b := Learn(before, "errors")
				s.seed = uint64(i)
				for _, learned := range []*Before{nil, &b} {
					c := Config{Alpha: alpha, Metrics: []Metric{{Name: "errors", WorseBy: 1.3, Before: learned}}}
					f, _ := judged(c, s, time.Hour, 15*time.Minute)
					switch {
					case f.Verdict != Fail:
					case learned == nil:
						plain++
					default:
						corrected++
					}
				}
			}
			stated := 3 * math.Sqrt(alpha*(1-alpha)/float64(n))
			t.Logf("false alarms of %d: %d without what was before, %d with; promised %.3f, stated error %.4f", n, plain, corrected, alpha, stated)
			if float64(corrected)/float64(n) > alpha+stated {
				t.Errorf("%d of %d false alarms", corrected, n)
			}
			if plain <= corrected {
				t.Errorf("the correction corrects nothing: %d and %d", plain, corrected)
			}
		})
	}
}

func TestLearnNeedsSomethingToLearnFrom(t *testing.T) {
	t.Parallel()
	if b := Learn(nil, "errors"); b.Ratio != 1 || b.Dispersion != 1 {
		t.Errorf("of nothing: %+v", b)
	}
	few := []Tick{{Samples: []Sample{{Canary, "w1", "errors", 1, 100}, {Baseline, "w2", "errors", 0, 900}}}}
	if b := Learn(few, "errors"); b.Ratio > 1.15 || b.Dispersion != 1 {
		t.Errorf("of one event: %+v", b)
	}
}
