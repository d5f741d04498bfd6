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
		{"slow, beyond the guard", Metric{Name: "errors", Kind: Histogram, AtMost: 0.1, WorseBy: 1.1}, Sample{Buckets: slow}, Sample{}, Sample{}, Fail, "canary * slower than 0.11: worse than 5 % above 0.1, evidence"},
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

// TestValuesInWords have the units of the chart, and no powers of ten where a person would not write them.
func TestValuesInWords(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 0.00025: "0.00025", 1.23456: "1.235", 9999: "9999", 9999.9: "10k", 12346: "12.35k", 999_990: "1M", 854.6e6: "854.6M",
		-502.71e6: "-502.7M", 1 << 30: "1.074G", 2e12: "2T", 1e15: "1e+15", math.MaxFloat64: "1.798e+308", math.Inf(1): "+Inf",
	} {
		if got := number(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	for share, want := range map[float64]string{
		0: "0 %", 0.000711: "0.0711 %", 0.05: "5 %", 1: "100 %", 9.994: "999 %", 9.996: "1000 %", 10: "1000 %", 10.83: "1080 %", 1234.5: "123000 %", 1e15: "1e+17 %",
	} {
		if got := percent(share); got != want {
			t.Errorf("%v is %s, want %s", share, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 45 * time.Second: "45s", time.Minute: "1m", 95 * time.Second: "1m35s", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m",
		time.Hour + time.Second: "1h0m1s",
	} {
		if got := words(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		45 * time.Second: "45s", 26*time.Minute + 11*time.Second: "26m", 59*time.Minute + 40*time.Second: "1h",
	} {
		if got := words(roughly(d)); got != want {
			t.Errorf("about %v is %s, want %s", d, got, want)
		}
	}
}

// TestGaugesInWords: the values of several hosts have a least and a greatest, that of one has not.
func TestGaugesInWords(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Metrics: []Metric{{Name: "memory", Kind: Gauge, WorseBy: 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	value := func(arm Arm, host string, v float64) Sample {
		return Sample{Arm: arm, Host: host, Metric: "memory", Kind: Gauge, Value: v}
	}
	f := see(s, Tick{At: 5 * time.Second, Samples: []Sample{
		value(Canary, "w1", 854.6e6), value(Baseline, "w2", 400e6), value(Baseline, "w3", 605.4e6),
	}})
	if want := "memory: canary 854.6M, baseline 502.7M (400M to 605.4M): not decided, evidence"; !strings.HasPrefix(f.Reason, want) {
		t.Errorf("got %s, want %s", f.Reason, want)
	}
	if r := f.Metrics[0].Canary; r.Low != 854.6e6 || r.High != 854.6e6 {
		t.Errorf("the finding itself lost the extent: %+v", r)
	}
}

// TestEdgesInWords: it is said which arm has which edge.
func TestEdgesInWords(t *testing.T) {
	t.Parallel()
	for worseBy, want := range map[float64]string{
		1.2: "%) slower than 0.12 (canary) and 0.1 (baseline): *",
		1:   "%) slower than 0.12: *",
	} {
		s, err := New(Config{Metrics: []Metric{{Name: "latency", Kind: Histogram, WorseBy: worseBy}}})
		if err != nil {
			t.Fatal(err)
		}
		buckets := func(slow float64) []Bucket {
			return []Bucket{{AtMost: 0.1, Count: 100}, {AtMost: 0.12, Count: 1}, {AtMost: math.Inf(1), Count: slow}}
		}
		var f Finding
		for at := range 10 {
			f = see(s, Tick{At: time.Duration(at+1) * 5 * time.Second, Samples: []Sample{
				{Arm: Canary, Host: "w1", Metric: "latency", Kind: Histogram, Buckets: buckets(40)},
				{Arm: Baseline, Host: "w2", Metric: "latency", Kind: Histogram, Buckets: buckets(2)},
			}})
		}
		if !told(f.Reason, want) {
			t.Errorf("got %s, want %s", f.Reason, want)
		}
	}
}
