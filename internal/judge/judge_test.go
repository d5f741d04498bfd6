package judge

import (
	"strings"
	"testing"
	"time"
)

// see looks, and says what is known then.
func see(s *State, t Tick) Finding {
	s.Look(t)
	return s.Finding()
}

// feed gives one canary and one baseline host for some ticks of five seconds.
func feed(t *testing.T, c Config, ticks int, x, a, y, b float64) (*State, Finding) {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var f Finding
	for i := range ticks {
		tick := Tick{At: time.Duration(i+1) * 5 * time.Second}
		if a > 0 {
			tick.Samples = append(tick.Samples, count(Canary, "w1", "errors", x, a))
		}
		if b > 0 {
			tick.Samples = append(tick.Samples, count(Baseline, "w2", "errors", y, b))
		}
		f = see(s, tick)
	}
	return s, f
}

func count(arm Arm, host, metric string, events, exposure float64) Sample {
	return Sample{Arm: arm, Host: host, Metric: metric, Events: events, Exposure: exposure}
}

// What is said, word for word.
func TestReasons(t *testing.T) {
	t.Parallel()
	ratio := Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}
	guard := Config{Metrics: []Metric{{Name: "errors", AtMost: 0.01}}}
	both := Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5, AtMost: 0.01}}}
	dry := Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5, DryRun: true}}}
	for _, c := range []struct {
		name       string
		config     Config
		ticks      int
		x, a, y, b float64
		verdict    Verdict
		reason     string
	}{
		{"no errors at all, early", ratio, 4, 0, 100, 0, 900, Inconclusive,
			"errors: canary 0 % (0 of 400; 0 % to 0.951 %), baseline 0 % (0 of 3600; 0 % to 0.107 %): not decided, evidence against it 1 to 1, for it 1.14 to 1, about 5100 more canary requests needed (4m)"},
		{"no errors at all, later", ratio, 60, 0, 100, 0, 900, Pass,
			"errors: canary 0 % (0 of 6000; 0 % to 0.064 %), baseline 0 % (0 of 54000; 0 % to 0.00711 %): surely below 0.1 %, evidence 30.6 to 1"},
		{"seventy times the errors", ratio, 60, 8, 100, 1, 900, Fail, ""},
		{"as bad as the baseline", ratio, 100, 1, 100, 9, 900, Pass,
			"errors: canary 1 % (100 of 10000; 0.823 % to 1.21 %), baseline 1 % (900 of 90000; 0.937 % to 1.07 %): surely below 3 times the baseline, evidence over 1000000000 to 1"},
		{"above the guard", guard, 4, 10, 100, 0, 0, Fail, ""},
		{"surely within the guard", guard, 8, 0, 100, 0, 0, Pass, ""},
		{"first install without a guard", ratio, 8, 0, 100, 0, 0, NoData, "errors: no baseline had requests to compare with: set at_most"},
		{"nothing of the canary", both, 8, 0, 0, 0, 900, NoData, "errors: nothing is known of the canary yet"},
		{"both, and fine", both, 60, 0, 100, 0, 900, Pass, ""},
		{"dry run only", dry, 4, 50, 100, 0, 900, Pass, "no metric counts: all are dry run"},
	} {
		_, f := feed(t, c.config, c.ticks, c.x, c.a, c.y, c.b)
		if f.Verdict != c.verdict {
			t.Errorf("%s: %s, want %s: %s", c.name, f.Verdict, c.verdict, f.Reason)
		}
		if c.reason != "" && f.Reason != c.reason {
			t.Errorf("%s:\n got %s\nwant %s", c.name, f.Reason, c.reason)
		}
	}
}

func TestASourceThatIsAwayHolds(t *testing.T) {
	t.Parallel()
	s, f := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 60, 0, 100, 0, 900)
	if f.Verdict != Pass {
		t.Fatalf("before: %s", f.Reason)
	}
	for i := range 12 {
		f = see(s, Tick{At: 300*time.Second + time.Duration(i+1)*5*time.Second, Gap: "lb1 cannot be reached"})
		want := Pass
		if i >= 6 { // longer than 30 s
			want = NoData
		}
		if f.Verdict != want {
			t.Fatalf("%d s away: %s, want %s", 5*(i+1), f.Verdict, want)
		}
	}
	if want := "errors: no answer for 1m: lb1 cannot be reached"; f.Reason != want {
		t.Errorf("got %q, want %q", f.Reason, want)
	}
	if f := s.End(400 * time.Second); f.Verdict != NoData {
		t.Errorf("at the end: %s", f.Verdict)
	}
	f = see(s, Tick{At: 365 * time.Second, Samples: []Sample{count(Canary, "w1", "errors", 0, 100), count(Baseline, "w2", "errors", 0, 900)}})
	if f.Verdict != Pass {
		t.Errorf("back again: %s: %s", f.Verdict, f.Reason)
	}
}

func TestACanaryThatNoLongerGetsRequestsIsNoPass(t *testing.T) {
	t.Parallel()
	s, _ := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 60, 0, 100, 0, 900)
	f := see(s, Tick{At: 340 * time.Second, Samples: []Sample{count(Canary, "w1", "errors", 0, 0), count(Baseline, "w2", "errors", 0, 900)}})
	if f.Verdict != NoData || f.Reason != "errors: the canary had no requests for 40s" {
		t.Errorf("%s: %s", f.Verdict, f.Reason)
	}
	if f := s.End(340 * time.Second); f.Verdict != NoData {
		t.Errorf("at the end: %s", f.Verdict)
	}
}

func TestABaselineThatStopsIsNoPass(t *testing.T) {
	t.Parallel()
	s, _ := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 12, 0, 100, 0, 900)
	var f Finding
	for at := 65 * time.Second; at <= 10*time.Minute; at += 5 * time.Second {
		f = see(s, Tick{At: at, Samples: []Sample{count(Canary, "w1", "errors", 0, 100)}})
	}
	if f.Verdict != NoData || f.Reason != "errors: no baseline had requests to compare with for 9m" {
		t.Errorf("%s: %s", f.Verdict, f.Reason)
	}
}

// TestASourceThatAnswersOnceAMinute is not silent in between, as long as it goes on.
func TestASourceThatAnswersOnceAMinute(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Counts, Gauge} {
		s, err := New(Config{Metrics: []Metric{{Name: "errors", Kind: kind, WorseBy: 1.5}}})
		if err != nil {
			t.Fatal(err)
		}
		told := func(at time.Duration) Tick {
			tick := Tick{At: at}
			if at >= 90*time.Second && at <= 10*time.Minute && (at-90*time.Second)%time.Minute == 0 {
				for host, arm := range map[string]Arm{"w1": Canary, "w2": Baseline} {
					tick.Samples = append(tick.Samples, Sample{Arm: arm, Host: host, Metric: "errors", Kind: kind, Events: 1, Exposure: 600, Value: 5})
				}
			}
			return tick
		}
		last := 9*time.Minute + 30*time.Second // it was to answer a minute later
		for at := time.Duration(0); at <= 12*time.Minute; at += 5 * time.Second {
			f := see(s, told(at))
			want := ""
			switch {
			case at < 90*time.Second:
				want = "errors: nothing is known of the canary yet"
			case at > last+2*time.Minute:
				want = "errors: nothing was said of the canary for " + words(at-last)
			}
			if (f.Verdict == NoData) != (want != "") || want != "" && f.Reason != want {
				t.Fatalf("%s, at %s: %s: %s", kind, at, f.Verdict, f.Reason)
			}
		}
	}
}

// TestWhatWasMissedIsNoPace: an outage of minutes does not make the judge wait longer.
func TestWhatWasMissedIsNoPace(t *testing.T) {
	t.Parallel()
	s, _ := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 12, 0, 100, 0, 900)
	at := time.Minute
	for range 60 {
		at += 5 * time.Second
		s.Look(Tick{At: at, Gap: "it is down"})
	}
	for range 2 {
		at += 5 * time.Second
		s.Look(Tick{At: at, Samples: []Sample{count(Canary, "w1", "errors", 0, 1000), count(Baseline, "w2", "errors", 0, 9000)}})
	}
	if f := see(s, Tick{At: at + 35*time.Second}); f.Reason != "errors: nothing was said of the canary for 35s" {
		t.Errorf("%s: %s", f.Verdict, f.Reason)
	}
}

func TestAnAlarmStands(t *testing.T) {
	t.Parallel()
	s, f := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 60, 8, 100, 1, 900)
	if f.Verdict != Fail || f.Metrics[0].Verdict != Fail {
		t.Fatalf("%s: %s", f.Verdict, f.Reason)
	}
	for i := range 1000 {
		f = see(s, Tick{At: time.Duration(i) * time.Minute, Samples: []Sample{count(Canary, "w1", "errors", 0, 100), count(Baseline, "w2", "errors", 1, 900)}})
	}
	if f.Verdict != Fail || !strings.Contains(f.Reason, "(found at ") {
		t.Errorf("later: %s: %s", f.Verdict, f.Reason)
	}
	if f := s.End(0); f.Verdict != Fail {
		t.Errorf("at the end: %s", f.Verdict)
	}
}

func TestUndecidedAtTheEndIsInconclusive(t *testing.T) {
	t.Parallel()
	s, f := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 12, 1, 100, 7, 900)
	if f.Verdict != Inconclusive {
		t.Fatalf("%s: %s", f.Verdict, f.Reason)
	}
	f = s.End(time.Minute)
	if f.Verdict != Inconclusive || !strings.HasPrefix(f.Reason, "after 1m: errors: canary ") || strings.Count(f.Reason, "not decided") != 1 || !strings.Contains(f.Reason, ": not decided, evidence against it ") {
		t.Errorf("%s: %s", f.Verdict, f.Reason)
	}
}

// The mean over metrics decides: one bad metric of two is enough, a dry run is not.
func TestSeveralMetrics(t *testing.T) {
	t.Parallel()
	run := func(dryRun bool, bad float64) Finding {
		s, err := New(Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}, {Name: "slow", WorseBy: 1.5, DryRun: dryRun}}})
		if err != nil {
			t.Fatal(err)
		}
		var f Finding
		for i := range 60 {
			f = see(s, Tick{At: time.Duration(i+1) * 5 * time.Second, Samples: []Sample{
				count(Canary, "w1", "errors", 0, 100), count(Baseline, "w2", "errors", 0, 900),
				count(Canary, "w1", "slow", bad, 100), count(Baseline, "w2", "slow", 1, 900),
				count(Canary, "w1", "unknown", 100, 100),
			}})
		}
		return f
	}
	if f := run(false, 5); f.Verdict != Fail || !strings.HasPrefix(f.Reason, "slow: ") {
		t.Errorf("slow counts: %s: %s", f.Verdict, f.Reason)
	}
	if f := run(true, 5); f.Verdict != Pass || f.Metrics[1].Verdict != Fail {
		t.Errorf("slow is a dry run: %s, slow %s", f.Verdict, f.Metrics[1].Verdict)
	}
	if f := run(false, 0.15); f.Verdict != Inconclusive || !strings.HasPrefix(f.Reason, "slow: ") {
		t.Errorf("slow is undecided: %s: %s", f.Verdict, f.Reason)
	}
}

func TestTheHostThatStandsOutIsNamed(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var f Finding
	for i := range 10 {
		f = see(s, Tick{At: time.Duration(i+1) * 5 * time.Second, Samples: []Sample{
			count(Canary, "w3", "errors", 4, 100), count(Canary, "w1", "errors", 0, 100), count(Canary, "w2", "errors", 0, 100), count(Baseline, "w4", "errors", 1, 900),
		}})
	}
	if f.Metrics[0].Outlier != "w3" || !strings.HasSuffix(f.Metrics[0].Reason, "; w3 stands out") {
		t.Errorf("outlier %q: %s", f.Metrics[0].Outlier, f.Metrics[0].Reason)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	const least, most = time.Minute, time.Hour
	for _, c := range []struct {
		verdict Verdict
		at      time.Duration
		want    bool
	}{
		{Fail, time.Second, true}, {Pass, time.Second, false}, {Pass, least, true}, {Pass, most, true},
		{Inconclusive, least, false}, {Inconclusive, most, true}, {NoData, least, false}, {NoData, most, true},
	} {
		if got := (Finding{Verdict: c.verdict, At: c.at}).Ends(least, most); got != c.want {
			t.Errorf("%s at %s: %v", c.verdict, c.at, got)
		}
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	m := func(m Metric) Config { m.Name = "errors"; return Config{Metrics: []Metric{m}} }
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{}, "no metrics"},
		{m(Metric{}), "metric errors: neither worse_by nor at_most: set one"},
		{m(Metric{WorseBy: 0.5}), "metric errors: worse_by 0.5: allowed is 1 or more"},
		{m(Metric{WorseBy: 2, PassBelow: 1.5}), "pass_below 1.5: allowed is worse_by, 2, to ten times as much"},
		{m(Metric{AtMost: -1}), "at_most -1"},
		{m(Metric{AtMost: 1, Negligible: -1}), "negligible -1"},
		{m(Metric{AtMost: 1, Kind: "rate"}), `kind "rate": allowed are count, histogram and gauge`},
		{m(Metric{AtMost: 1, Higher: true}), "higher: only a gauge"},
		{Config{Spread: -1, Metrics: []Metric{{Name: "a", WorseBy: 1}}}, "spread -1: allowed"},
		{Config{Metrics: []Metric{{WorseBy: 1}}}, "needs a name"},
		{Config{Metrics: []Metric{{Name: "a", WorseBy: 1}, {Name: "a", WorseBy: 1}}}, `metric 2, "a"`},
		{Config{Alpha: 1, Metrics: []Metric{{Name: "a", WorseBy: 1}}}, "alpha 1: allowed"},
		{Config{Beta: -1, Metrics: []Metric{{Name: "a", WorseBy: 1}}}, "beta -1: allowed"},
		{Config{Patience: -1, Metrics: []Metric{{Name: "a", WorseBy: 1}}}, "patience -1"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
