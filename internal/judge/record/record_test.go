package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
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
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(good) }
	histogram := func(buckets string) string {
		return with(`"count"`, `"histogram"`, `"events":1,"exposure":2`, `"buckets":`+buckets)
	}
	const members = "allowed are t, arm, host, metric, kind, events, exposure, value, buckets and gap, in small letters"
	for _, c := range []struct{ text, want string }{
		{"", "the record is empty: one JSON object a line is wanted"},
		{good + `{"t":1`, `line 2: found {"t":1, which is not JSON (unexpected end of JSON input): wanted is one JSON object a line`},
		{"t=1\n", "line 1: found t=1, which is not JSON"},
		{"[1]", "line 1: found [1]: wanted is one JSON object a line"},
		{"\xef\xbb\xbf" + good, "line 1: found a byte order mark: write the file as UTF-8 without one"},
		{good + with(`"t":1`, `"t":2,"colour":"red"`), "line 2: colour: no such member: " + members},
		{with(`"t"`, `"T"`), "line 1: T: no such member: " + members},
		{with(`"t":1`, `"t":1,"t":2`), "line 1: t: found twice: wanted is once a line"},
		{with(`"t":1`, `"t":"1"`), `line 1: t: found "1": wanted is a number`},
		{with(`"w"`, `7`), "line 1: host: found 7: wanted is a text in quotes"},
		{with(`"events":1`, `"events":{"n":1}`), `line 1: events: found {"n":1}: wanted is a number`},
		{good + good, `line 2: host: found "w" with "m" at t 1 again, it is in line 1 already: wanted is one sample a host, metric and time`},
		{good + good[:len(good)-1] + good, "line 2: found more than one object: wanted is one a line"},
		{with(`"t":1,`, ``), "line 1: t is missing: seconds since"},
		{with(`"t":1`, `"t":null`), "line 1: t is missing: seconds since"},
		{with(`"t":1`, `"t":-1`), `line 1: t: found -1 with arm "canary": before the bake the arm is "canary-before"`},
		{with(`canary`, `control`), `line 1: arm: found "control": allowed are canary, baseline, canary-before and baseline-before`},
		{with(`"arm":"canary",`, ``), "line 1: arm is missing: canary, baseline"},
		{with(`"w"`, `""`), "line 1: host is missing"},
		{with(`"m"`, `""`), "line 1: metric is missing"},
		{with(`"kind":"count",`, ``), "line 1: kind is missing: count, histogram or gauge"},
		{with(`"count"`, `"rate"`), `line 1: kind: found "rate": allowed are count, histogram and gauge`},
		{with(`"events":1,`, ``), "line 1: events is missing: a count has events and exposure, both of them"},
		{with(`"events":1`, `"events":null`), "line 1: events is missing: a count has events and exposure, both of them"},
		{with(`,"exposure":2`, ``), "line 1: exposure is missing: a count has events and exposure, both of them"},
		{with(`"exposure":2`, `"exposure":2,"value":3`), "line 1: value: found in a count: a count has events and exposure, both of them and nothing else"},
		{with(`"count"`, `"gauge"`), "line 1: events: found in a gauge: a gauge has a value and nothing else"},
		{with(`"count"`, `"gauge"`, `"events":1,"exposure":2`, `"value":null`), "line 1: value is missing: a gauge has a value"},
		{with(`"count"`, `"histogram"`, `"events":1,"exposure":2`, `"buckets":null`), "line 1: buckets is missing: a histogram has buckets"},
		{with(`"events":1,"exposure":2`, `"events":1e15,"exposure":1e-300`), "line 1: exposure: found 1e-300: allowed is 0, or at least 1e-06"},
		{with(`"events":1,"exposure":2`, `"events":0,"exposure":9e-7`), "line 1: exposure: found 0.0000009: allowed is 0, or at least 1e-06"},
		{with(`"events":1,"exposure":2`, `"events":1001,"exposure":1e-6`), "line 1: events: found 1001 of exposure 0.000001: allowed are up to 1e+09 of 1"},
		{histogram(`[[1,2],["Inf",1]]`), `line 1: buckets: found the edge "Inf": wanted is a number or "+Inf"`},
		{histogram(`[[1,2],["inf",1]]`), `line 1: buckets: found the edge "inf": wanted is a number or "+Inf"`},
		{with(`"m"`, `"a\u001b[31mRED\n"`), `line 1: metric: found "a\x1b[31mRED\n": allowed are printable characters`},
		{with(`"w"`, `"w\u009b2J"`), `line 1: host: found "w\u009b2J": allowed are printable characters`},
		{with(`"w"`, `"w\u202e1"`), `line 1: host: found "w\u202e1": allowed are printable characters`},
		{with(`"m"`, `"`+strings.Repeat("ä", 101)+`"`), "line 1: metric: found \"" + strings.Repeat("ä", 30) + "\"..., of 101 letters: allowed are 100"},
		{with(`"w"`, `"`+strings.Repeat("h", 254)+`"`), "line 1: host: found \"" + strings.Repeat("h", 60) + "\"..., of 254 letters: allowed are 253"},
		{`{"t":1,"metric":"a\u007f","gap":"away"}`, `line 1: metric: found "a\x7f": allowed are printable characters`},
		{with(`"t"`, `"\u001b[2J"`), `line 1: "\x1b[2J": no such member`},
		{"t=\x1b[2J", `line 1: found "t=\x1b[2J", which is not JSON`},
		{with(`"count"`, `"`+strings.Repeat("k", 300)+`"`), "line 1: kind: found \"" + strings.Repeat("k", 60) + "\"...: allowed are"},
		{good[:len(good)-1] + ",", "line 1: found , after the object: wanted is one JSON object a line and nothing else"},
		{good[:len(good)-1] + " // web1", "line 1: found // web1 after the object: wanted is one JSON object a line and nothing else"},
		{"1 2", "line 1: found 1 2: wanted is one JSON object a line"},
		{`{"t":1,"metric":"m","gap":""}`, "line 1: gap is empty: wanted is why there was no answer"},
		{with(`"t":1`, `"t":-1e-300`), `line 1: t: found -1e-300 with arm "canary"`},
		{with(`"exposure":2`, `"exposure":0`), "line 1: events: found 1 of exposure 0"},
		{with(`"exposure":2`, `"exposure":1e307`), "line 1: exposure: found 1e307: allowed is 0 to 1e+15"},
		{with(`"exposure":2`, `"exposure":1e999`), "line 1: exposure: found 1e999: no number is so large"},
		{with(`"events":1`, `"events":-1`), "line 1: events: found -1: allowed is 0 to 1e+15"},
		{with(`"count"`, `"gauge"`, `"events":1,"exposure":2`, `"value":-1e308`), "line 1: value: found -1e308: allowed is up to 1e+100 either way"},
		{good + with(`"count"`, `"gauge"`, `"events":1,"exposure":2`, `"value":1`, `"t":1`, `"t":2`), `line 2: kind: found metric "m" as a gauge here and as a count before: wanted is one kind a metric`},
		{histogram(`[[2,1],[1,1],["+Inf",1]]`), "line 1: buckets: found the edge 1 after 2: wanted are rising edges"},
		{histogram(`[["+Inf",1],["+Inf",1]]`), `line 1: buckets: found the edge "+Inf" after "+Inf": wanted are rising edges`},
		{histogram(`[["x",1]]`), `line 1: buckets: found the edge "x": wanted is a number or "+Inf"`},
		{histogram(`[[1,2]]`), `line 1: buckets: found [[1,2]] without a last edge "+Inf"`},
		{histogram(`[]`), `line 1: buckets: found [] without a last edge "+Inf"`},
		{histogram(`[[1,2,3],["+Inf",1]]`), "line 1: buckets: found the bucket [1,2,3]: wanted is [edge, count]"},
		{histogram(`[[1,-2],["+Inf",1]]`), "line 1: buckets: found -2: allowed is 0 to 1e+15"},
		{histogram(`{"0.1":3}`), `line 1: buckets: found {"0.1":3}: wanted are pairs of edge and count, such as [[0.1,380],["+Inf",2]]`},
		{`{"t":1,"metric":"m","gap":"away","host":"w"}`, "line 1: gap: a line that says why"},
		{strings.Repeat(" ", longestLine+1), "line 1: longer than"},
		{good + with(`"t":1`, `"t":7`, "canary", "canary-before"), `line 2: t: found 7 with arm "canary-before", which is after 1 with arm "canary" in line 1: allowed is what is below 0, or below all t of the bake`},
	} {
		_, err := Read(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.120s\n got %v\nwant %s", c.text, err, c.want)
			continue
		}
		for _, word := range []string{"Go ", "struct", "unmarshal", "float64", "judge.", "json:"} {
			if strings.Contains(err.Error(), word) {
				t.Errorf("%q is nobody's business: %v", word, err)
			}
		}
	}
}

// TestAnotherClock: what is to be taken from every t is worked out.
func TestAnotherClock(t *testing.T) {
	t.Parallel()
	const at = `{"t":%s,"arm":"%s","host":"w","metric":"m","kind":"count","events":1,"exposure":2}` + "\n"
	lines := func(pairs ...string) string {
		text := ""
		for i := 0; i < len(pairs); i += 2 {
			text += fmt.Sprintf(at, pairs[i], pairs[i+1])
		}
		return text
	}
	const looks = ", which is no time since the bake began but looks like a clock's: allowed are 315360000 seconds either way; "
	for _, c := range []struct{ text, want string }{
		{lines("1700000005", "baseline", "1700000010", "canary", "1700000007.5", "canary"), "line 1: t: found 1700000005" + looks + "take 1700000007.5, the canary's first, from every t"},
		{lines("1", "baseline", "1700000000", "canary-before", "1700000005", "canary"), "line 2: t: found 1700000000" + looks + "take 1700000000, the last before the deploy, from every t"},
		{lines("1700000005123", "canary"), "line 1: t: found 1700000005123" + looks + "take 1700000005123, the canary's first, from every t, and divide by 1000: these look like milliseconds"},
		{lines("1e300", "baseline"), "line 1: t: found 1e+300: allowed are 315360000 seconds either way; count from when the bake began"},
		{lines("1e300", "canary"), "line 1: t: found 1e+300: allowed are 315360000 seconds either way; count from when the bake began"},
		{lines("1700000000", "baseline", "1e300", "canary"), "line 1: t: found 1700000000" + looks + "count from when the bake began"},
		{lines("315360000.5", "canary"), "line 1: t: found 315360000.5" + looks + "take 315360000.5, the canary's first, from every t"},
		{lines("-1700000000000000000", "canary-before"), "line 1: t: found -1.7e+18" + looks + "count from when the bake began"},
	} {
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s got %v\nwant %s", c.text, err, c.want)
		}
	}
	// A record that counts from the time before is taken as it is: the bake begins where that ends.
	ticks, err := Read(strings.NewReader(lines("600", "canary-before", "5", "canary-before", "605", "canary", "610", "canary")))
	var times []time.Duration
	for _, k := range ticks {
		times = append(times, k.At)
	}
	if want := []time.Duration{-595 * time.Second, -1, 5 * time.Second, 10 * time.Second}; err != nil || !slices.Equal(times, want) {
		t.Errorf("%v: %v, want %v", err, times, want)
	}
}

// TestHeapedBuckets: histograms as Prometheus has them are refused, when it is plain that they are.
func TestHeapedBuckets(t *testing.T) {
	t.Parallel()
	lines := func(buckets ...string) string {
		text := ""
		for i, b := range buckets {
			text += fmt.Sprintf(`{"t":%d,"arm":"canary","host":"w","metric":"m","kind":"histogram","buckets":%s}`+"\n", i, b)
		}
		return text
	}
	const heaped, plain = `[[0.1,5],[0.5,7],["+Inf",7]]`, `[[0.1,5],[0.5,7],["+Inf",6]]`
	for _, c := range []struct {
		text    string
		refused bool
	}{
		{lines(heaped, heaped, heaped), true},
		{lines(heaped, `[[0.1,0],[0.5,0],["+Inf",0]]`, heaped, `[[0.1,1],[0.5,2],["+Inf",3]]`), true},
		{lines(heaped, heaped), false},
		{lines(heaped, heaped, heaped, plain), false},
		{lines(`[[0.1,0],[0.5,0],["+Inf",9]]`, `[[0.1,0],[0.5,0],["+Inf",9]]`, `[[0.1,0],[0.5,0],["+Inf",9]]`), false},
		{lines(`[[0.1,5],["+Inf",9]]`, `[[0.1,5],["+Inf",9]]`, `[[0.1,5],["+Inf",9]]`), false},
	} {
		_, err := Load(strings.NewReader(c.text), Anybody)
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), `line 1: buckets: here and in all lines of metric "m" no count is below the one before it`) {
			t.Errorf("%s: %v", c.text, err)
		}
		if _, err := Load(strings.NewReader(c.text), Slipway); err != nil {
			t.Errorf("%s is one's own: %v", c.text, err)
		}
	}
}

// TestLooksOfARecorderThatAsksHostAfterHost: what is near in time is one look.
func TestLooksOfARecorderThatAsksHostAfterHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		apart, late float64 // the looks, and each host after the one before
		skip        int     // a host says nothing in this look
		by          Writer
		want        int
	}{
		{"together", 5, 0, -1, Anybody, 20},
		{"a millisecond each", 5, 0.001, -1, Anybody, 20},
		{"a second each", 5, 1, -1, Anybody, 20},
		{"each second", 1, 0.01, -1, Anybody, 20},
		{"one host silent", 5, 0.5, 7, Anybody, 20},
		{"journalled", 5, 0.001, -1, Slipway, 80},
	} {
		text, samples := "", 0
		for look := range 20 {
			for host := range 4 {
				arm := "canary"
				if host > 0 {
					arm = "baseline"
				}
				if look == c.skip && host == 2 {
					continue
				}
				samples++
				text += fmt.Sprintf(`{"t":%g,"arm":"%s","host":"w%d","metric":"m","kind":"gauge","value":%d}`+"\n", 5+float64(look)*c.apart+float64(host)*c.late, arm, host, look)
			}
		}
		rec, err := Load(strings.NewReader(text), c.by)
		if err != nil {
			t.Fatal(err)
		}
		looks := 0
		for k := range rec.Looks() {
			looks++
			samples -= len(k.Samples)
			for _, s := range k.Samples {
				if s.Value != k.Samples[0].Value {
					t.Errorf("%s: one look of %v", c.name, k.Samples)
				}
			}
		}
		if looks != c.want || samples != 0 {
			t.Errorf("%s: %d looks, want %d; %d samples are missing", c.name, looks, c.want, samples)
		}
	}
}

// TestManyLines: what is kept in blocks comes out as it went in.
func TestManyLines(t *testing.T) {
	t.Parallel()
	var want []judge.Tick
	for look := range 1000 {
		k := judge.Tick{At: time.Duration(look) * time.Second}
		for host := range 20 {
			name, n := fmt.Sprintf("w%d", host), float64(look*20+host)
			k.Samples = append(k.Samples,
				judge.Sample{Arm: judge.Canary, Host: name, Metric: "errors", Kind: judge.Counts, Events: n, Exposure: n + 1},
				judge.Sample{Arm: judge.Canary, Host: name, Metric: "latency", Kind: judge.Histogram, Buckets: []judge.Bucket{
					{AtMost: 0.1, Count: n + 1}, {AtMost: 0.5 + float64(host%3), Count: n}, {AtMost: math.Inf(1), Count: 1}}})
		}
		want = append(want, k)
	}
	var b bytes.Buffer
	if err := Write(&b, want); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(&b); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v: %d looks", err, len(got))
	}
}

// TestInAnyOrder: shuffled lines are the same record, whatever of it is looked at.
func TestInAnyOrder(t *testing.T) {
	t.Parallel()
	var lines []string
	for look := -30; look < 60; look++ {
		for host := range 5 {
			arm := []string{"canary", "baseline"}[min(host, 1)]
			if look < 0 {
				arm += "-before"
			}
			line := fmt.Sprintf(`{"t":%g,"arm":"%s","host":"w%d",`, float64(look)*5+0.01*float64(host), arm, host)
			lines = append(lines, line+`"metric":"m","kind":"count","events":1,"exposure":9}`, line+`"metric":"l","kind":"histogram","buckets":[[0.5,4],[1,2],["+Inf",3]]}`)
		}
	}
	read := func() string {
		rec, err := Load(strings.NewReader(strings.Join(lines, "\n")), Anybody)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for k := range rec.Looks() {
			slices.SortFunc(k.Samples, func(a, b judge.Sample) int { return strings.Compare(a.Host+a.Metric, b.Host+b.Metric) })
			fmt.Fprintln(&b, k)
		}
		return b.String() + fmt.Sprint(rec.Metrics())
	}
	want := read()
	if n := strings.Count(want, "\n"); n != 90 {
		t.Fatalf("%d looks", n)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if got := read(); got != want {
			t.Fatal("another order is another record")
		}
	}
}

// Whatever is read is refused with its line, or can be judged, written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"t":12.0,"arm":"canary","host":"web3","metric":"errors","kind":"count","events":3,"exposure":410}`))
	f.Add([]byte(`{"t":7,"arm":"baseline","host":"w","metric":"l","kind":"histogram","buckets":[[0.1,5],["+Inf",1]]}`))
	f.Add([]byte(`{"t":-7,"arm":"baseline-before","host":"w","metric":"g","kind":"gauge","value":1e308}`))
	f.Add([]byte(`{"t":1,"metric":"g","gap":"away"}`))
	f.Add([]byte(`{"t":1,"metric":"g","gap":"x\u001b[2Jy"}`))
	f.Add([]byte(`{"t":5,"arm":"canary","host":"c","metric":"e","kind":"count","events":1e15,"exposure":1e-300}`))
	f.Add([]byte(`{"t":5,"arm":"canary","host":"c","metric":"e","kind":"count","events":1e3,"exposure":1e-6}`))
	f.Add([]byte(`{"t":5,"arm":"canary-before","host":"w","metric":"g","kind":"gauge","value":1e99}` + "\n" + `{"t":6.5,"arm":"canary","host":"\u0077\ud800","metric":"g","kind":"gauge","value":-0}`))
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
		rec, err := Load(bytes.NewReader(text), Anybody)
		if err != nil {
			if !strings.Contains(err.Error(), "cumulative buckets") {
				t.Fatal(err)
			}
			return
		}
		if metrics := rec.Metrics(); len(metrics) < 5 {
			for i := range metrics {
				metrics[i].WorseBy = 1.5
			}
			r, err := judge.Replay(judge.Config{Metrics: metrics}, rec.Looks(), judge.Span{})
			if err != nil && !strings.Contains(err.Error(), "metric") {
				t.Fatal(err)
			}
			if _, err := json.Marshal(r.Final); err != nil {
				t.Fatalf("%v: %+v", err, r.Final)
			}
		}
	})
}
