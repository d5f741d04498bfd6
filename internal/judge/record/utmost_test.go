package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// TestTheUtmostOfARecord: what is just allowed is read, and judged without an overflow.
func TestTheUtmostOfARecord(t *testing.T) {
	t.Parallel()
	const at = `{"t":%d,"arm":"%s","host":"%s","metric":"%s",%s}` + "\n"
	metric, host := strings.Repeat("ä", longestMetric), strings.Repeat("h", longestHost-1)
	ends := map[string][]string{
		"counts": {`"kind":"count","events":1e15,"exposure":1e6`, `"kind":"count","events":1000,"exposure":1e-6`, `"kind":"count","events":5e-324,"exposure":1e-6`,
			`"kind":"count","events":5e-324,"exposure":1e15`, `"kind":"count","events":1e15,"exposure":1e15`, `"kind":"count","events":0,"exposure":0`},
		"gauges": {`"kind":"gauge","value":1e100`, `"kind":"gauge","value":-1e100`, `"kind":"gauge","value":5e-324`, `"kind":"gauge","value":0`},
		"histograms": {`"kind":"histogram","buckets":[[0.1,5e-324],[0.2,1e-300],["+Inf",0]]`, `"kind":"histogram","buckets":[[0.1,1e15],[0.2,1e15],["+Inf",1e14]]`,
			`"kind":"histogram","buckets":[[0.1,0],[0.2,0],["+Inf",5e-324]]`, `"kind":"histogram","buckets":[[0.1,0],[0.2,0],["+Inf",0]]`},
	}
	for kind, ends := range ends {
		for _, canary := range ends {
			for _, baseline := range ends {
				text := ""
				for look := range 12 {
					text += fmt.Sprintf(at, look*5, "canary", host+"1", metric, canary) + fmt.Sprintf(at, look*5, "baseline", host+"2", metric, baseline)
				}
				rec, err := Load(strings.NewReader(text), Anybody)
				if err != nil {
					t.Fatal(err)
				}
				metrics := rec.Metrics()
				metrics[0].WorseBy = 1.5
				r, err := judge.Replay(judge.Config{Metrics: metrics}, rec.Looks(), judge.Span{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := json.Marshal(r.Final); err != nil || strings.Contains(r.Final.Reason, "Inf") || strings.Contains(r.Final.Reason, "NaN") {
					t.Errorf("%s: %s and %s: %v: %s", kind, canary, baseline, err, r.Final.Reason)
				}
			}
		}
	}
}

// TestTheLastEdgeIsWrittenInOneWay: a bucket alone is read as in a record.
func TestTheLastEdgeIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{`["+Inf",2]`: true, `[0.5,2]`: true, `["Inf",2]`: false, `["inf",2]`: false, `["-Inf",2]`: false, `[null,2]`: false} {
		var b judge.Bucket
		if err := json.Unmarshal([]byte(text), &b); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := bucket([]byte(text)); (err == nil) != good {
			t.Errorf("%s in a record: %v", text, err)
		}
	}
}

// TestGapsAreHarmless: what a source says cannot steer a terminal, and is not refused.
func TestGapsAreHarmless(t *testing.T) {
	t.Parallel()
	ticks, err := Read(strings.NewReader(`{"t":1,"metric":"m","gap":"x\u001b[2Jy\nz\u009b"}`))
	if want := "x [2Jy z "; err != nil || len(ticks) != 1 || ticks[0].Gaps["m"] != want {
		t.Errorf("%v: %+v, want the gap %q", err, ticks, want)
	}
	const sample = `{"t":1,"arm":"canary","host":"w","metric":"m","kind":"gauge","value":1,"gap":""}`
	if ticks, err := Read(strings.NewReader(sample)); err != nil || len(ticks) != 1 || len(ticks[0].Samples) != 1 {
		t.Errorf("a sample with an empty gap: %v: %v", err, ticks)
	}
}
