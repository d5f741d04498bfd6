package cli

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/judge"
)

// TestJudgedIsDocumented: docs/judge.md has each member of what is printed.
func TestJudgedIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "judge.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## What judge --replay prints\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var check func(of reflect.Type)
	check = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return
		}
		for i := range of.NumField() {
			if of.Field(i).Anonymous {
				check(of.Field(i).Type)
				continue
			}
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(section, "`"+name+"`") && !strings.Contains(section, "."+name+"`") {
				t.Errorf("%s of %s is not told of", name, of.Name())
			}
			check(of.Field(i).Type)
		}
	}
	check(reflect.TypeFor[judged]())
}

// TestJudged: what is printed as JSON, and what is left out.
func TestJudged(t *testing.T) {
	t.Parallel()
	count := judge.MetricFinding{Name: "errors", Kind: judge.Counts, Verdict: judge.Inconclusive, Reason: "not decided", Against: math.Log(4), For: math.Log(0.5),
		Tolerated: judge.Tolerance{WorseBy: 1.5, PassBelow: 3},
		Canary:    judge.Rate{Events: 2, Exposure: 100, Value: 0.02, Low: 0.01, High: 0.07}, More: 1200, MoreTime: 90 * time.Second}
	gauge := judge.MetricFinding{Name: "memory", Kind: judge.Gauge, Verdict: judge.Fail, Reason: "worse", Outlier: "web3", DryRun: true, Against: math.Inf(1),
		Tolerated: judge.Tolerance{AtMost: 9, Higher: true},
		Canary:    judge.Rate{Events: 20, Exposure: 2, Value: 10, Low: 9, High: 11}, Baseline: judge.Rate{Events: 5, Exposure: 1, Value: 5, Low: 5, High: 5}}
	finding := judge.Finding{Reason: "why", At: 65 * time.Second, Against: math.Log(4), AlarmAt: math.Log(1000), PassAt: math.Log(20), Metrics: []judge.MetricFinding{count}}
	with := func(v judge.Verdict, since time.Duration) judge.Finding {
		f := finding
		f.Verdict, f.Since = v, since
		return f
	}
	const metric = `{"name":"errors","kind":"count","verdict":"inconclusive","reason":"not decided","tolerated":{"worse_by":1.5,"pass_below":3},` +
		`"canary":{"events":2,"exposure":100,"value":0.02,"low":0.01,"high":0.07},"baseline":{"events":0,"exposure":0},` +
		`"evidence":{"against":4,"for":0.5,"fails_from":1000,"passes_from":20,"ln_against":1.386,"ln_for":-0.693,"ln_fails_from":6.908},"needs":{"requests":1200,"seconds":90}}`
	const evidence = `"reason":"why","evidence":{"against":4,"fails_from":1000,"ln_against":1.386,"ln_fails_from":6.908}`
	passed := with(judge.Pass, 0)
	passed.At = 0
	for _, c := range []struct {
		name string
		j    app.Judged
		want string
	}{
		{"at its end", app.Judged{Replayed: judge.Replayed{Final: with(judge.Inconclusive, 0), Looks: 13}},
			`{"verdict":"inconclusive","t":65,` + evidence + `,"metrics":[` + metric + `],"looks":13}`},
		{"a fail after a pass", app.Judged{Replayed: judge.Replayed{Final: with(judge.Fail, 62500*time.Millisecond), Passed: &passed, Looks: 13, Before: 2},
			Span: judge.Span{Least: time.Minute, Most: time.Hour}, Origin: 10 * time.Second},
			`{"verdict":"fail","t":62.5,"failed_at":62.5,` + evidence + `,"metrics":[` + metric + `],"passed_at":0,"looks":13,"before":2,"origin":10,"least":60,"most":3600}`},
		{"a gauge", app.Judged{Replayed: judge.Replayed{Final: judge.Finding{Verdict: judge.NoData, AlarmAt: math.Log(1000), PassAt: math.Log(20), Metrics: []judge.MetricFinding{gauge}}}},
			`{"verdict":"no data","t":0,"reason":"","evidence":{"against":1,"fails_from":1000,"ln_against":0,"ln_fails_from":6.908},"metrics":[{"name":"memory","kind":"gauge","verdict":"fail","reason":"worse",` +
				`"dry_run":true,"tolerated":{"at_most":9,"higher":true},"canary":{"hosts":2,"value":10,"low":9,"high":11},"baseline":{"hosts":1,"value":5,"low":5,"high":5},` +
				`"evidence":{"against":1.0142320547350045e+304,"for":1,"fails_from":1000,"passes_from":20,"ln_against":700,"ln_for":0,"ln_fails_from":6.908},"stands_out":"web3"}],"looks":0}`},
	} {
		out := judgedOf(c.j)
		thousandths(reflect.ValueOf(&out).Elem())
		text, err := json.Marshal(out)
		if err != nil || string(text) != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, text, c.want)
		}
	}
}

// TestJudgedTextSteersNoTerminal: what files and sources say is printed in lines of text, and nothing else.
func TestJudgedTextSteersNoTerminal(t *testing.T) {
	t.Parallel()
	odd := "a\x1b[31mRED\n\u009b2Jb\tc\r"
	metric := judge.MetricFinding{Name: odd, Reason: "canary " + odd}
	j := app.Judged{Title: odd, Replayed: judge.Replayed{Looks: 1, Final: judge.Finding{Verdict: judge.NoData, At: time.Second, Reason: "no answer: " + odd, Metrics: []judge.MetricFinding{metric}}}}
	const want = "aRED 2Jb c: no data after 1s, 1 look\n  no answer: aRED 2Jb c\n  aRED 2Jb c: canary aRED 2Jb c\n  drawn: aRED 2Jb c\n"
	if got := judgedText(Env{Out: io.Discard, Getenv: func(string) string { return "" }}, j, odd); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// thousandths rounds all small numbers of a value.
func thousandths(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.Abs(x) < 1e9 {
			v.SetFloat(math.Round(x*1000) / 1000)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			thousandths(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			thousandths(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			thousandths(v.Field(i))
		}
	}
}
