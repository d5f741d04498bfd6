package record

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

func TestRead(t *testing.T) {
	t.Parallel()
	const text = `{"t":12.0,"arm":"canary","host":"web3","metric":"errors","kind":"count","events":3,"exposure":410}
{"t":7,"arm":"baseline","host":"web1","metric":"latency","kind":"histogram","buckets":[[0.1,5],[0.5,2],["+Inf",1]]}

{"t":-60,"arm":"canary-before","host":"web3","metric":"errors","kind":"count","events":0,"exposure":400}
{"t":12,"arm":"baseline","host":"web1","metric":"memory","kind":"gauge","value":-2.5}
{"t":13,"metric":"errors","gap":"lb1 cannot be reached"}
`
	want := []judge.Tick{
		{At: -time.Minute, Samples: []judge.Sample{{Arm: judge.CanaryBefore, Host: "web3", Metric: "errors", Kind: judge.Counts, Exposure: 400}}},
		{At: 7 * time.Second, Samples: []judge.Sample{{Arm: judge.Baseline, Host: "web1", Metric: "latency", Kind: judge.Histogram, Buckets: []judge.Bucket{{AtMost: 0.1, Count: 5}, {AtMost: 0.5, Count: 2}, {AtMost: math.Inf(1), Count: 1}}}}},
		{At: 12 * time.Second, Samples: []judge.Sample{
			{Arm: judge.Canary, Host: "web3", Metric: "errors", Kind: judge.Counts, Events: 3, Exposure: 410},
			{Arm: judge.Baseline, Host: "web1", Metric: "memory", Kind: judge.Gauge, Value: -2.5},
		}},
		{At: 13 * time.Second, Gaps: map[string]string{"errors": "lb1 cannot be reached"}},
	}
	got, err := Read(strings.NewReader(text))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, got, want)
	}
	var b bytes.Buffer
	if err := Write(&b, got); err != nil {
		t.Fatal(err)
	}
	if again, err := Read(&b); err != nil || !reflect.DeepEqual(again, want) {
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
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.120s\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// Whatever is read is refused with its line, or can be judged, written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"t":12.0,"arm":"canary","host":"web3","metric":"errors","kind":"count","events":3,"exposure":410}`))
	f.Add([]byte(`{"t":7,"arm":"baseline","host":"w","metric":"l","kind":"histogram","buckets":[[0.1,5],["+Inf",1]]}`))
	f.Add([]byte(`{"t":-7,"arm":"baseline-before","host":"w","metric":"g","kind":"gauge","value":1e308}`))
	f.Add([]byte(`{"t":1,"metric":"g","gap":"away"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		ticks, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := Write(&b, ticks); err != nil {
			t.Fatal(err)
		}
		if again, err := Read(&b); err != nil || fmt.Sprint(again) != fmt.Sprint(ticks) {
			t.Fatalf("%v: %v, was %v", err, again, ticks)
		}
		if metrics := judge.MetricsIn(ticks); len(metrics) > 0 && len(metrics) < 5 {
			if _, err := judge.Replay(judge.Config{Metrics: metrics}, ticks, 0); err != nil && !strings.Contains(err.Error(), "metric") {
				t.Fatal(err)
			}
		}
	})
}
