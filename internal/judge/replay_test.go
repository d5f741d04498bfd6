package judge

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// record is a bake of ten hosts, one canary, with so many lines, recorded.
func record(lines int, ratio float64) []Tick {
	var ticks []Tick
	traffic{seed: 1, rps: 200, base: 0.002, ratio: ratio, before: 10 * time.Minute}.ticks(time.Duration(lines/10)*5*time.Second-10*time.Minute, func(k Tick) bool {
		for i := range k.Samples {
			if k.At < 0 {
				k.Samples[i].Arm = k.Samples[i].Arm.Before()
			}
		}
		ticks = append(ticks, k)
		return true
	})
	return ticks
}

func oneMetric() Config {
	return Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	ticks := record(6000, 20)
	r, err := Replay(oneMetric(), slices.Values(ticks), Span{Least: time.Minute})
	if err != nil || r.Final.Verdict != Fail || r.Final.Since != r.Final.At || r.Before < 119 || r.Looks == 0 || len(r.Series) == 0 || r.Passed != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	if _, err := Replay(Config{}, slices.Values(ticks), Span{}); err == nil {
		t.Error("a replay without metrics")
	}
}

// lateFault is a bake in which the canary makes ten times the errors from a time on.
func lateFault(onset, until time.Duration) []Tick {
	var ticks []Tick
	for at := 5 * time.Second; at <= until; at += 5 * time.Second {
		k := Tick{At: at}
		for host := range 10 {
			s := count(Baseline, fmt.Sprintf("w%d", host), "errors", 2, 400)
			if host < 2 {
				s.Arm = Canary
				if at > onset {
					s.Events = 20
				}
			}
			k.Samples = append(k.Samples, s)
		}
		ticks = append(ticks, k)
	}
	return ticks
}

// TestReplayGoesOnAfterAPass: a fault that sets in after a bake would have ended is seen, and it is said when
// that would have been.
func TestReplayGoesOnAfterAPass(t *testing.T) {
	t.Parallel()
	ticks := lateFault(10*time.Minute, 20*time.Minute)
	replay := func(ticks []Tick, span Span) Replayed {
		r, err := Replay(oneMetric(), slices.Values(ticks), span)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	early := replay(ticks, Span{})
	if early.Final.Verdict != Fail || early.Final.Since < 10*time.Minute || early.Final.Since > 12*time.Minute {
		t.Errorf("%s at %s: %s", early.Final.Verdict, early.Final.Since, early.Final.Reason)
	}
	if early.Passed == nil || early.Passed.Verdict != Pass || early.Passed.At == 0 || early.Passed.At > 5*time.Minute {
		t.Fatalf("passed %+v", early.Passed)
	}
	if held := replay(ticks, Span{Least: 8 * time.Minute}); held.Final.Verdict != Fail || held.Passed == nil || held.Passed.At != 8*time.Minute {
		t.Errorf("%s, passed %+v", held.Final.Verdict, held.Passed)
	}
	if held := replay(ticks, Span{Least: 15 * time.Minute}); held.Final.Verdict != Fail || held.Passed != nil {
		t.Errorf("%s, passed %+v", held.Final.Verdict, held.Passed)
	}
	cut := replay(ticks, Span{Most: 9*time.Minute + 2*time.Second})
	if cut.Final.Verdict != Pass || cut.Final.At != 9*time.Minute+2*time.Second || cut.Looks != 108 {
		t.Errorf("%s at %s after %d looks", cut.Final.Verdict, cut.Final.At, cut.Looks)
	}
	if short := replay(ticks, Span{Most: 10 * time.Second}); short.Final.Verdict != Inconclusive || short.Looks != 2 || short.Passed != nil {
		t.Errorf("%s after %d looks", short.Final.Verdict, short.Looks)
	}
	// A look that leaves something open ends no bake.
	for i := range ticks {
		ticks[i].Gaps = map[string]string{"errors": "half of it is missing"}
	}
	if open := replay(ticks, Span{}); open.Final.Verdict != Fail || open.Passed != nil {
		t.Errorf("%s, passed %+v", open.Final.Verdict, open.Passed)
	}
}

// TestReplayWithoutData: what was not counted is no data, with the reason that there is.
func TestReplayWithoutData(t *testing.T) {
	t.Parallel()
	gap := func(at time.Duration) Tick {
		return Tick{At: at, Gaps: map[string]string{"errors": "lb1 cannot be reached"}}
	}
	only := func(arm Arm) []Tick {
		ticks := lateFault(time.Hour, 5*time.Minute)
		for i := range ticks {
			ticks[i].Samples = slices.DeleteFunc(ticks[i].Samples, func(s Sample) bool { return s.Arm != arm })
		}
		return ticks
	}
	for _, c := range []struct {
		name  string
		ticks []Tick
		want  string
	}{
		{"one gap", []Tick{gap(15 * time.Second)}, "errors: nothing is known of the canary yet, and no answer at the last look: lb1 cannot be reached"},
		{"gaps", []Tick{gap(5 * time.Second), gap(time.Minute)}, "errors: no answer for 1m: lb1 cannot be reached"},
		{"only the canary", only(Canary), "errors: no baseline had requests to compare with: set at_most"},
		{"only the baseline", only(Baseline), "errors: nothing is known of the canary yet"},
		{"nothing", nil, "errors: nothing is known of the canary yet"},
	} {
		r, err := Replay(oneMetric(), slices.Values(c.ticks), Span{})
		if err != nil || r.Final.Verdict != NoData || r.Final.Reason != c.want || r.Passed != nil {
			t.Errorf("%s: %v, %s: %s\nwant %s", c.name, err, r.Final.Verdict, r.Final.Reason, c.want)
		}
	}
}

func TestALongRecordReplaysInTime(t *testing.T) {
	t.Parallel()
	ticks := record(100_000, 1)
	began := time.Now()
	r, err := Replay(oneMetric(), slices.Values(ticks), Span{Least: 24 * time.Hour})
	if err != nil || r.Final.Verdict == Fail || r.Looks+r.Before != len(ticks) || len(r.Series) < seriesLimit || len(r.Series) > 2*seriesLimit {
		t.Fatalf("%v: %s, %d findings", err, r.Final.Reason, len(r.Series))
	}
	t.Logf("%d ticks in %s: %s", len(ticks), time.Since(began), r.Final.Reason)
	for i, f := range r.Series[1:] {
		if f.At < r.Series[i].At {
			t.Fatalf("the finding of %s comes after that of %s", f.At, r.Series[i].At)
		}
	}
}
