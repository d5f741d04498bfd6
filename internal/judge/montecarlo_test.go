package judge

import (
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// runs is how many rollouts a Monte Carlo test judges: few, unless JUDGE_RUNS says how many
// times as many.
func runs(n int) int {
	if times, err := strconv.Atoi(os.Getenv("JUDGE_RUNS")); err == nil && times > 0 {
		return n * times
	}
	return n
}

func errorsWorseBy(ratio float64) Config {
	return Config{Metrics: []Metric{{Name: "errors", WorseBy: ratio}}}
}

// counted judges many streams and returns how many failed, and when.
func counted(c Config, s traffic, n int, most time.Duration) (alarms int, times []float64) {
	for i := range n {
		s.seed = uint64(i)
		f, _ := judged(c, s, 1000*time.Hour, most)
		at := math.Inf(1)
		if f.Verdict == Fail {
			at = f.Since.Seconds()
			alarms++
		}
		times = append(times, at)
	}
	slices.Sort(times)
	return alarms, times
}

// Releases that are no worse are not called bad, in the short form not once. JUDGE_RUNS=100 makes of it
// what docs/judge.md says.
func TestFalseAlarms(t *testing.T) {
	t.Parallel()
	drift := func(at time.Duration) float64 { return 1 + 9*math.Abs(math.Sin(at.Minutes()/3)) }
	jump := func(at time.Duration) float64 { return map[bool]float64{true: 20, false: 1}[at > 5*time.Minute] }
	const known = 30 * time.Minute
	for name, s := range map[string]traffic{
		"steady":                       {rps: 200, base: 0.005, before: known},
		"steady, at the limit":         {rps: 200, base: 0.005, ratio: 1.5, before: known},
		"steady, nothing known":        {rps: 200, base: 0.005},
		"sparse":                       {rps: 20, base: 0.0005},
		"drifting":                     {rps: 200, base: 0.002, drift: drift, before: known},
		"an outage of all":             {rps: 200, base: 0.002, drift: jump},
		"hosts that differ":            {rps: 1000, base: 0.005, differ: 0.3},
		"hosts that differ, known":     {rps: 200, base: 0.005, differ: 0.3, before: known},
		"bursts, nothing known":        {rps: 200, base: 0.01, burst: 8},
		"bursts":                       {rps: 200, base: 0.01, burst: 8, before: known},
		"autocorrelated":               {rps: 1000, base: 0.005, wander: 0.5, memory: time.Minute, before: known},
		"a noisy start":                {rps: 200, base: 0.005, startup: 10, before: known},
		"one bad host, not the canary": {rps: 200, base: 0.005, badBaseline: 10},
		"everything at once":           {rps: 200, base: 0.005, differ: 0.3, burst: 4, wander: 0.3, memory: 2 * time.Minute, before: known},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const alpha = 0.001
			n := runs(4)
			alarms, _ := counted(errorsWorseBy(1.5), s, n, 15*time.Minute)
			t.Logf("%d of %d", alarms, n)
			if stated := 3 * math.Sqrt(alpha/float64(n)); float64(alarms)/float64(n) > alpha+stated {
				t.Errorf("%d false alarms of %d, promised %v with a stated error of %.4f", alarms, n, alpha, stated)
			}
		})
	}
}

// Under the model the evidence at a fixed time has a mean of at most 1. The stated error is three standard deviations.
func TestTheMeanOfTheEvidenceIsAtMostOne(t *testing.T) {
	t.Parallel()
	n := runs(400)
	var sum, squares float64
	for i := range n {
		s, err := New(errorsWorseBy(1.5))
		if err != nil {
			t.Fatal(err)
		}
		traffic{seed: uint64(i), hosts: 5, canary: 1, rps: 50, base: 0.01, ratio: 1.5, differ: 0.3, interval: 30 * time.Second}.ticks(5*time.Minute, func(k Tick) bool {
			s.Look(k)
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

// A canary that is as bad as what must not pass is called good no more often than beta.
func TestFalsePasses(t *testing.T) {
	t.Parallel()
	n, passes := runs(20), 0
	for i := range n {
		s := traffic{seed: uint64(i), hosts: 10, canary: 3, rps: 200, base: 0.01, ratio: 3.05}
		if f, _ := judged(errorsWorseBy(1.5), s, time.Minute, 6*time.Minute); f.Verdict == Pass {
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

// Median times to the alarm at alpha 0.001, looked at every five seconds, an hour known before.
func TestDetectionTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		worseBy float64
		stream  traffic
		under   time.Duration
	}{
		{"10x at 200 a second, 10 % canary, worse_by 1.5", 1.5, traffic{rps: 200, base: 0.001, ratio: 10, before: time.Hour}, 95 * time.Second},
		{"10x at 200 a second, 10 % canary, worse_by 1.1", 1.1, traffic{rps: 200, base: 0.001, ratio: 10, before: time.Hour}, 85 * time.Second},
		{"10x at 1000 a second, 5 % canary, worse_by 1.5", 1.5, traffic{rps: 1000, hosts: 20, canary: 1, base: 0.001, ratio: 10, before: time.Hour}, 40 * time.Second},
		{"10x that sets in after 9 minutes", 1.5, traffic{rps: 200, base: 0.001, ratio: 10, onset: 9 * time.Minute, before: time.Hour}, 9*time.Minute + 150*time.Second},
		{"3x of 0.3 % at 200 a second, worse_by 1.1", 1.1, traffic{rps: 200, base: 0.003, ratio: 3, before: time.Hour}, 4 * time.Minute},
		{"20x on one of two hosts, nothing known before", 1.5, traffic{rps: 400, hosts: 2, canary: 1, base: 0.001, ratio: 20}, 9 * time.Minute},
		{"10x of 1 %, nothing known before", 1.1, traffic{rps: 200, hosts: 20, canary: 2, base: 0.01, ratio: 10}, 55 * time.Second},
		{"10x of 1 % on one of two hosts, nothing known before", 1.1, traffic{rps: 200, hosts: 2, canary: 1, base: 0.01, ratio: 10}, 260 * time.Second},
		{"50x, nothing known before", 1.5, traffic{rps: 200, base: 0.001, ratio: 50}, 110 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := runs(9)
			_, times := counted(errorsWorseBy(c.worseBy), c.stream, n, 20*time.Minute)
			median := times[n/2]
			t.Logf("median %.0f s, nine of ten within %.0f s", median, times[n*9/10])
			if median > c.under.Seconds() {
				t.Errorf("median %.0f s, want at most %s", median, c.under)
			}
		})
	}
}

// A fault that sets in late is found, though the time before it spoke for the canary: two nats later
// for each e times as late, and not as if all of that time had to be outweighed.
func TestALateOnsetIsFound(t *testing.T) {
	t.Parallel()
	median := func(onset time.Duration) float64 {
		s := traffic{rps: 200, base: 0.002, ratio: 5, onset: onset, interval: 15 * time.Second, before: time.Hour}
		_, times := counted(errorsWorseBy(1.3), s, runs(7), 2*time.Hour)
		return times[len(times)/2] - onset.Seconds()
	}
	early, late := median(0), median(40*time.Minute)
	t.Logf("median %.0f s after an onset at once, %.0f s after one at 40 min", early, late)
	if late > 3*early {
		t.Errorf("%.0f s and %.0f s", early, late)
	}
}

// Healthy releases pass long before their bake is over.
func TestHealthyReleasesPass(t *testing.T) {
	t.Parallel()
	n := runs(9)
	var times []float64
	for i := range n {
		f, _ := judged(errorsWorseBy(1.5), traffic{seed: uint64(i), hosts: 20, canary: 2, rps: 200, base: 0.001, before: time.Hour}, time.Minute, 20*time.Minute)
		if f.Verdict == Fail {
			t.Errorf("seed %d: %s", i, f.Reason)
		}
		times = append(times, f.At.Seconds())
	}
	slices.Sort(times)
	t.Logf("median %.0f s, nine of ten within %.0f s", times[n/2], times[n*9/10])
	if times[n/2] > 480 {
		t.Errorf("half of them pass after %.0f s, want within 8 min", times[n/2])
	}
}

// A fault on one of two canary hosts is found, though the other one dilutes it.
func TestAFaultOnOneCanaryHostIsFound(t *testing.T) {
	t.Parallel()
	found := 0
	for i := range runs(9) {
		s, err := New(errorsWorseBy(1.5))
		if err != nil {
			t.Fatal(err)
		}
		traffic{seed: uint64(i), hosts: 20, canary: 2, rps: 200, base: 0.001, before: time.Hour}.ticks(10*time.Minute, func(k Tick) bool {
			if k.At > 0 {
				k.Samples[0].Events += float64(int(k.At.Seconds()) / 5 % 2) // an error every 10 seconds, 20 times as many
			}
			s.Look(k)
			return !s.Failed()
		})
		if s.Failed() {
			found++
		}
	}
	if found < runs(9)*8/10 {
		t.Errorf("found %d of %d", found, runs(9))
	}
}

// One silent source is a gap of its metric alone.
func TestOneSilentSourceSilencesNoOther(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}, {Name: "jobs", WorseBy: 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var f Finding
	for i := range 40 {
		tick := Tick{At: time.Duration(i+1) * 5 * time.Second, Gaps: map[string]string{"jobs": "graphite: connection refused"}, Samples: []Sample{
			count(Canary, "w1", "errors", 20, 100), count(Baseline, "w2", "errors", 0, 900),
		}}
		if f = see(s, tick); f.Verdict == Fail {
			break
		}
	}
	if f.Verdict != Fail || f.Metrics[1].Verdict != NoData {
		t.Errorf("%s: %s, jobs %s", f.Verdict, f.Reason, f.Metrics[1].Verdict)
	}
	for i := range 20 {
		f = see(s, Tick{At: s.at + time.Duration(i)*time.Second, Gaps: map[string]string{"jobs": "graphite: connection refused"}})
	}
	if want := "graphite: connection refused"; len(f.Metrics[1].Reason) < len(want) {
		t.Errorf("jobs: %s", f.Metrics[1].Reason)
	}
}

// Without a baseline the same hosts before the deploy are it.
func TestTheTimeBeforeIsTheBaselineWhenThereIsNoOther(t *testing.T) {
	t.Parallel()
	run := func(ratio float64) Finding {
		var f Finding
		s, err := New(errorsWorseBy(1.5))
		if err != nil {
			t.Fatal(err)
		}
		traffic{seed: 5, hosts: 4, canary: 4, rps: 200, base: 0.005, ratio: ratio, before: time.Hour}.ticks(10*time.Minute, func(k Tick) bool {
			f = see(s, k)
			return f.Verdict != Fail
		})
		return f
	}
	if f := run(1); f.Verdict == Fail || f.Verdict == NoData {
		t.Errorf("no worse: %s: %s", f.Verdict, f.Reason)
	}
	if f := run(10); f.Verdict != Fail || f.Metrics[0].Baseline.Exposure == 0 {
		t.Errorf("ten times the errors: %s: %s", f.Verdict, f.Reason)
	}
}

// Sources whose answers about the two arms do not come at the same moment are compared all the same.
func TestArmsThatAreLookedAtInTurn(t *testing.T) {
	t.Parallel()
	s, err := New(errorsWorseBy(1.1))
	if err != nil {
		t.Fatal(err)
	}
	traffic{seed: 7, rps: 200, base: 0.01, ratio: 10, hosts: 20, canary: 2}.ticks(3*time.Minute, func(k Tick) bool {
		var canary, baseline []Sample
		for _, x := range k.Samples {
			if x.Arm == Canary {
				canary = append(canary, x)
			} else {
				baseline = append(baseline, x)
			}
		}
		s.Look(Tick{At: k.At - time.Second, Samples: baseline})
		s.Look(Tick{At: k.At, Samples: canary})
		return !s.Failed()
	})
	if !s.Failed() {
		t.Errorf("ten times the errors are not found: %s", s.Finding().Reason)
	}
}
