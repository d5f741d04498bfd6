package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// bake judges a bake whose canary is so many times worse from 4 minutes on.
func bake(t *testing.T, factor float64) []judge.Finding {
	t.Helper()
	s, err := judge.New(judge.Config{Metrics: []judge.Metric{{Name: "errors", WorseBy: 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var all []judge.Finding
	for i := range 120 {
		at := time.Duration(i+1) * 5 * time.Second
		events := float64((i%5 + 1) / 5)
		if at > 4*time.Minute {
			events = math.Round(events + factor)
		}
		tick := judge.Tick{At: at, Samples: []judge.Sample{{Arm: judge.Canary, Host: "web3", Metric: "errors", Events: events, Exposure: 100}}}
		for j, host := range []string{"web1", "web2", "web4"} {
			tick.Samples = append(tick.Samples, judge.Sample{Arm: judge.Baseline, Host: host, Metric: "errors", Events: float64(((i+j)%5 + 1) / 5), Exposure: 100})
		}
		s.Look(tick)
		f := s.Finding()
		all = append(all, f)
		if f.Verdict == judge.Fail {
			break
		}
	}
	return all
}

// wellFormed parses all of it, and returns the names of its elements.
func wellFormed(t *testing.T, svg []byte) map[string]int {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	found := map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			found[e.Name.Local]++
		}
	}
}

func TestAPictureOfABake(t *testing.T) {
	t.Parallel()
	svg := SVG(Bake{
		Title: "checkout 1.2.0 <b>& co</b>", Findings: bake(t, 12),
		Marks: []Mark{{0, "canary 10 %"}, {3 * time.Minute, "canary 30 %"}},
	})
	if to := os.Getenv("CHART"); to != "" {
		if err := os.WriteFile(to, svg, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := wellFormed(t, svg)
	if found["title"] != 1 || found["desc"] != 1 || found["polyline"] != 3 || found["polygon"] != 3 || found["circle"] != 1 || found["script"] != 0 || found["b"] != 0 || found["image"] != 0 {
		t.Errorf("elements %v", found)
	}
	for _, want := range []string{"alarm after ", "canary 30 %", "fail from 1000 to 1 on", "prefers-color-scheme:dark", "Verdict: fail"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("no %q in it", want)
		}
	}
	if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) || bytes.Contains(svg, []byte("href")) {
		t.Error("a place that is none, or a reference to the outside")
	}
}

func TestPicturesOfLittle(t *testing.T) {
	t.Parallel()
	one := bake(t, 0)[:1]
	strange := judge.Finding{Verdict: judge.NoData, At: time.Second, Reason: "\x00\xff" + strings.Repeat("x", 2000), Metrics: []judge.MetricFinding{{Name: "m", Kind: judge.Gauge}}}
	for name, b := range map[string]Bake{
		"nothing": {}, "one look": {Findings: one}, "an unknown metric": {Metric: "none", Findings: one}, "strange": {Findings: []judge.Finding{strange}},
		"healthy": {Findings: bake(t, 0)},
	} {
		svg := SVG(b)
		if found := wellFormed(t, svg); found["svg"] != 1 || found["circle"] != 0 {
			t.Errorf("%s: %v", name, found)
		}
		if bytes.Contains(svg, []byte("NaN")) {
			t.Errorf("%s: a place that is none", name)
		}
	}
}
