package judge

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReadRecord(t *testing.T) {
	t.Parallel()
	const text = `{"t":12.0,"arm":"canary","host":"web3","metric":"errors","kind":"count","events":3,"exposure":410}
{"t":7,"arm":"baseline","host":"web1","metric":"latency","kind":"histogram","buckets":[[0.1,5],[0.5,2],["+Inf",1]]}

{"t":-60,"arm":"canary-before","host":"web3","metric":"errors","kind":"count","events":0,"exposure":400}
{"t":12,"arm":"baseline","host":"web1","metric":"memory","kind":"gauge","value":-2.5}
{"t":13,"metric":"errors","gap":"lb1 cannot be reached"}
`
	want := []Tick{
		{At: -time.Minute, Samples: []Sample{{Arm: CanaryBefore, Host: "web3", Metric: "errors", Kind: Counts, Exposure: 400}}},
		{At: 7 * time.Second, Samples: []Sample{{Arm: Baseline, Host: "web1", Metric: "latency", Kind: Histogram, Buckets: []Bucket{{0.1, 5}, {0.5, 2}, {math.Inf(1), 1}}}}},
		{At: 12 * time.Second, Samples: []Sample{
			{Arm: Canary, Host: "web3", Metric: "errors", Kind: Counts, Events: 3, Exposure: 410},
			{Arm: Baseline, Host: "web1", Metric: "memory", Kind: Gauge, Value: -2.5},
		}},
		{At: 13 * time.Second, Gaps: map[string]string{"errors": "lb1 cannot be reached"}},
	}
	got, err := ReadRecord(strings.NewReader(text))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, got, want)
	}
	var b bytes.Buffer
	if err := WriteRecord(&b, got); err != nil {
		t.Fatal(err)
	}
	if again, err := ReadRecord(&b); err != nil || !reflect.DeepEqual(again, want) {
		t.Fatalf("written and read again: %v\n got %+v", err, again)
	}
}

func TestRecordsThatAreRefused(t *testing.T) {
	t.Parallel()
	const good = `{"t":1,"arm":"canary","host":"w","metric":"m","kind":"count","events":1,"exposure":2}` + "\n"
	for _, c := range []struct{ text, want string }{
		{"", "the record is empty"},
		{good + `{"t":1`, "line 2: "},
		{good + strings.Replace(good, `"t":1`, `"t":2,"colour":"red"`, 1), `line 2: json: unknown field "colour": allowed are t, arm`},
		{good + good, `line 2: host "w" has had "m" at t 1 in line 1`},
		{good + good[:len(good)-1] + good, "line 2: more than one object"},
		{strings.Replace(good, `"t":1,`, ``, 1), "line 1: t is missing"},
		{strings.Replace(good, `"t":1`, `"t":1e300`, 1), "line 1: t 1e+300: allowed are"},
		{strings.Replace(good, `"t":1`, `"t":-1`, 1), `line 1: t -1 with arm "canary": before the bake the arm is "canary-before"`},
		{strings.Replace(good, `canary`, `control`, 1), `line 1: arm "control": allowed are canary, baseline`},
		{strings.Replace(good, `"w"`, `""`, 1), "line 1: host is missing"},
		{strings.Replace(good, `"m"`, `""`, 1), "line 1: metric is missing"},
		{strings.Replace(good, `"count"`, `"rate"`, 1), `line 1: kind "rate": allowed are count, histogram and gauge`},
		{strings.Replace(good, `"events":1,`, ``, 1), "line 1: a count has events and exposure"},
		{strings.Replace(good, `"exposure":2`, `"exposure":0`, 1), "line 1: events 1 of exposure 0"},
		{good + strings.NewReplacer(`"count"`, `"gauge"`, `"events":1,"exposure":2`, `"value":1`, `"t":1`, `"t":2`).Replace(good), `line 2: metric "m" is a gauge here and a count before`},
		{strings.NewReplacer(`"count"`, `"histogram"`, `"events":1,"exposure":2`, `"buckets":[[2,1],[1,1],["+Inf",1]]`).Replace(good), "line 1: buckets: wanted are pairs"},
		{strings.NewReplacer(`"count"`, `"histogram"`, `"events":1,"exposure":2`, `"buckets":[["x",1]]`).Replace(good), "line 1: edge \"x\""},
		{`{"t":1,"metric":"m","gap":"away","host":"w"}`, "line 1: gap: a line that says why"},
		{strings.Repeat(" ", longestLine+1), "line 1: longer than"},
	} {
		if _, err := ReadRecord(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.120s\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// record is a bake of ten hosts, one canary, with so many lines, recorded.
func record(t testing.TB, lines int, ratio float64) []byte {
	t.Helper()
	var ticks []Tick
	stream{seed: 1, rps: 200, base: 0.002, ratio: ratio, before: 10 * time.Minute}.ticks(time.Duration(lines/10)*5*time.Second-10*time.Minute, func(k Tick) bool {
		for i := range k.Samples {
			if k.At < 0 {
				k.Samples[i].Arm = k.Samples[i].Arm.before()
			}
		}
		ticks = append(ticks, k)
		return true
	})
	var b bytes.Buffer
	if err := WriteRecord(&b, ticks); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplay(t *testing.T) {
	t.Parallel()
	ticks, err := ReadRecord(bytes.NewReader(record(t, 6000, 20)))
	if err != nil {
		t.Fatal(err)
	}
	metrics := MetricsIn(ticks)
	if want := []Metric{{Name: "errors", Kind: Counts, WorseBy: 1.5}}; !reflect.DeepEqual(metrics, want) {
		t.Fatalf("metrics %+v", metrics)
	}
	r, err := Replay(Config{Metrics: metrics}, ticks, time.Minute)
	if err != nil || r.Final.Verdict != Fail || r.Final.Since != r.Final.At || r.Before < 119 || r.Looks == 0 || len(r.Series) == 0 {
		t.Fatalf("%v: %+v", err, r)
	}
	if _, err := Replay(Config{}, ticks, 0); err == nil {
		t.Error("a replay without metrics")
	}
}

func TestALongRecordReplaysInTime(t *testing.T) {
	t.Parallel()
	text := record(t, 100_000, 1)
	if n := bytes.Count(text, []byte("\n")); n < 99_000 {
		t.Fatalf("only %d lines", n)
	}
	began := time.Now()
	ticks, err := ReadRecord(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Replay(Config{Metrics: MetricsIn(ticks)}, ticks, 24*time.Hour)
	if err != nil || r.Final.Verdict == Fail {
		t.Fatalf("%v: %s", err, r.Final.Reason)
	}
	t.Logf("%d ticks in %s: %s", len(ticks), time.Since(began), r.Final.Reason)
}

func TestPower(t *testing.T) {
	t.Parallel()
	s := Scenario{Rate: 200, Share: 0.1, Canary: 1, ErrorRate: 0.001, Before: 20 * time.Minute, Most: 10 * time.Minute, Runs: 9}
	out, err := Power(Metric{Name: "errors", WorseBy: 1.3}, s, []float64{1.2, 3, 20})
	if err != nil {
		t.Fatal(err)
	}
	never, slow, fast := out.Cases[0], out.Cases[1], out.Cases[2]
	if never.Found != 0 || never.Better != 0 || !strings.Contains(never.Words, "no share of this traffic is enough") {
		t.Errorf("1.2 times: %+v", never)
	}
	if slow.Found > fast.Found || fast.Median == 0 || fast.Median > 2*time.Minute || fast.Ninety < fast.Median {
		t.Errorf("%+v and %+v", slow, fast)
	}
	for _, c := range []Scenario{{}, {Rate: 1, Share: 1}, {Rate: 1, Share: 0.5}, {Rate: 1, Share: 0.5, ErrorRate: 0.1}, {Rate: 1, Share: 0.5, ErrorRate: 0.1, Most: 1e18}} {
		if _, err := Power(Metric{Name: "errors", WorseBy: 1.3}, c, []float64{2}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if again, err := Power(Metric{Name: "errors", WorseBy: 1.3}, s, []float64{20}); err != nil || again.Cases[0] != fast {
		t.Errorf("the same asked twice: %+v and %+v", again.Cases, fast)
	}
}

// Whatever is read is refused with its line, or can be judged, written and read again.
func FuzzReadRecord(f *testing.F) {
	f.Add([]byte(`{"t":12.0,"arm":"canary","host":"web3","metric":"errors","kind":"count","events":3,"exposure":410}`))
	f.Add([]byte(`{"t":7,"arm":"baseline","host":"w","metric":"l","kind":"histogram","buckets":[[0.1,5],["+Inf",1]]}`))
	f.Add([]byte(`{"t":-7,"arm":"baseline-before","host":"w","metric":"g","kind":"gauge","value":1e308}`))
	f.Add([]byte(`{"t":1,"metric":"g","gap":"away"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ticks, err := ReadRecord(bytes.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteRecord(&b, ticks); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadRecord(&b); err != nil || fmt.Sprint(again) != fmt.Sprint(ticks) {
			t.Fatalf("%v: %v, was %v", err, again, ticks)
		}
		if metrics := MetricsIn(ticks); len(metrics) > 0 && len(metrics) < 5 {
			if _, err := Replay(Config{Metrics: metrics}, ticks, 0); err != nil && !strings.Contains(err.Error(), "metric") {
				t.Fatal(err)
			}
		}
	})
}
