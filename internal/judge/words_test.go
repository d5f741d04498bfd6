package judge

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// TestConclusionsName what was tolerated, and nothing that there was not.
func TestConclusionsName(t *testing.T) {
	t.Parallel()
	both := Metric{Name: "errors", WorseBy: 1.5, AtMost: 0.02}
	slow := []Bucket{{AtMost: 0.1, Count: 100}, {AtMost: 1, Count: 100}, {AtMost: math.Inf(1), Count: 5}}
	for _, c := range []struct {
		name             string
		metric           Metric
		canary, baseline Sample // of each look; a baseline without exposure is none
		before           Sample
		verdict          Verdict
		want             string
	}{
		{"the guard alone, and worse", both, Sample{Events: 40, Exposure: 400}, Sample{}, Sample{}, Fail, "canary 10 % (* to *): worse than 2 %, evidence"},
		{"the guard alone, and fine", both, Sample{Events: 4, Exposure: 400}, Sample{}, Sample{}, Pass, "canary 1 % (* to *): surely below 2 %, evidence"},
		{"within the ratio, beyond the guard", both, Sample{Events: 40, Exposure: 400}, Sample{Events: 400, Exposure: 4000}, Sample{}, Fail, "worse than 2 %, evidence"},
		{"beyond the ratio, within the guard", Metric{Name: "errors", WorseBy: 1.5, AtMost: 0.2}, Sample{Events: 40, Exposure: 400}, Sample{Events: 4, Exposure: 4000}, Sample{}, Fail, "worse than 1.5 times the baseline, evidence"},
		{"beyond both", both, Sample{Events: 80, Exposure: 400}, Sample{Events: 4, Exposure: 4000}, Sample{}, Fail, "worse than 1.5 times the baseline and 2 %, evidence"},
		{"within both", both, Sample{Events: 4, Exposure: 800}, Sample{Events: 40, Exposure: 8000}, Sample{}, Pass, "surely below 3 times the baseline and 2 %, evidence"},
		{"too few to matter", Metric{Name: "errors", WorseBy: 1.5}, Sample{Exposure: 4000}, Sample{Exposure: 4000}, Sample{}, Pass, "surely below 0.1 %, evidence"},
		{"worse than before", Metric{Name: "errors", WorseBy: 1.5}, Sample{Events: 80, Exposure: 400}, Sample{}, Sample{Events: 4, Exposure: 400}, Fail,
			"before 1 % (* to *): worse than 1.5 times what it was before, evidence"},
		{"slow, beyond the guard", Metric{Name: "errors", Kind: Histogram, AtMost: 0.1, WorseBy: 1.1}, Sample{Buckets: slow}, Sample{}, Sample{}, Fail, "canary * worse than 5 % above 0.1, evidence"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := New(Config{Metrics: []Metric{c.metric}})
			if err != nil {
				t.Fatal(err)
			}
			var f Finding
			for at := -60; at <= 60; at++ {
				tick := Tick{At: time.Duration(at) * 5 * time.Second}
				if at == 0 || at < 0 && c.before.Exposure == 0 {
					continue
				}
				c.before.Arm, c.before.Host, c.before.Metric = CanaryBefore, "w1", "errors"
				c.canary.Arm, c.canary.Host, c.canary.Metric = Canary, "w1", "errors"
				c.baseline.Arm, c.baseline.Host, c.baseline.Metric = Baseline, "w2", "errors"
				if at < 0 {
					tick.Samples = []Sample{c.before}
				} else if tick.Samples = []Sample{c.canary}; c.baseline.Exposure > 0 {
					tick.Samples = append(tick.Samples, c.baseline)
				}
				if f = see(s, tick); f.Verdict == Pass {
					break
				}
			}
			reason := f.Reason
			if f.Verdict != c.verdict || !told(reason, c.want) {
				t.Errorf("%s: %s\nwant %s: %s", f.Verdict, reason, c.verdict, c.want)
			}
			if c.baseline.Exposure == 0 && strings.Contains(reason, "baseline") {
				t.Errorf("there is no baseline: %s", reason)
			}
		})
	}
}

// told reports whether a text has these parts in this order, with anything where the stars are.
func told(text, parts string) bool {
	for part := range strings.SplitSeq(parts, "*") {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// TestNoReasonCountsBackwards: however late it is, no time in a reason is below 0.
func TestNoReasonCountsBackwards(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Minute, 1000 * time.Hour, math.MaxInt64} {
		s, f := feed(t, Config{Metrics: []Metric{{Name: "errors", WorseBy: 1.5}}}, 3, 1, 900, 9, 8100)
		for _, samples := range [][]Sample{{count(Canary, "w1", "errors", 1, 900), count(Baseline, "w2", "errors", 9, 8100)}, nil} {
			s.Look(Tick{At: at, Samples: samples})
			f = s.End(at)
			if m := f.Metrics[0]; m.MoreTime < 0 || m.More < 0 || (m.More == 0) != (m.MoreTime == 0) || strings.Contains(f.Reason, "-") {
				t.Errorf("at %s: %s: %s, %v more in %s", at, f.Verdict, f.Reason, m.More, m.MoreTime)
			}
		}
	}
}

// TestFindingsOfOlderJournals: the logarithms have other names there, and the evidence of a fail has two.
func TestFindingsOfOlderJournals(t *testing.T) {
	t.Parallel()
	for _, alarm := range []string{"alarm_at", "fails_from"} {
		old := `{"verdict":"fail","reason":"errors: worse","at":25000000000,"against":9.3,"` + alarm + `":6.9,"since":25000000000,"metrics":[{"name":"errors","kind":"count",` +
			`"verdict":"fail","canary":{"events":25,"exposure":500},"against":9.2,"for":-3.5,"more_time":5}]}`
		var f, again Finding
		if err := json.Unmarshal([]byte(old), &f); err != nil || f.Against != 9.3 || f.AlarmAt != 6.9 || f.At != 25*time.Second || f.Since != f.At {
			t.Fatalf("%s: %v: %+v", alarm, err, f)
		}
		if m := f.Metrics[0]; m.Canary.Events != 25 || m.Against != 9.2 || m.For != -3.5 || m.MoreTime != 5 {
			t.Fatalf("%s: %+v", alarm, m)
		}
		text, err := json.Marshal(f)
		for _, want := range []string{`"ln_against":9.3,"ln_fails_from":6.9`, `"ln_against":9.2,"ln_for":-3.5`} {
			if err != nil || !strings.Contains(string(text), want) {
				t.Fatalf("%s: %v: %s, without %s", alarm, err, text, want)
			}
		}
		if err := json.Unmarshal(text, &again); err != nil || fmt.Sprint(again) != fmt.Sprint(f) {
			t.Errorf("%s: %v: %+v, was %+v", alarm, err, again, f)
		}
	}
}
