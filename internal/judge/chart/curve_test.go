package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"pgregory.net/rapid"
)

// latencies judges a histogram whose requests are always of the same sort, the canary's slower by a little.
func latencies(t *testing.T) []judge.Finding {
	t.Helper()
	s, err := judge.New(judge.Config{Metrics: []judge.Metric{{Name: "latency", Kind: judge.Histogram, WorseBy: 1.2}}})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 7))
	edges := []float64{0.05, 0.1, 0.2, 0.5, 1, 2, math.Inf(1)}
	sample := func(arm judge.Arm, host string, n int, factor float64) judge.Sample {
		buckets := make([]judge.Bucket, len(edges))
		for i, e := range edges {
			buckets[i].AtMost = e
		}
		for range n {
			x := factor * 0.15 * math.Exp(0.8*random.NormFloat64())
			for i, e := range edges {
				if x <= e {
					buckets[i].Count++
					break
				}
			}
		}
		return judge.Sample{Arm: arm, Host: host, Metric: "latency", Buckets: buckets}
	}
	var all []judge.Finding
	for i := range 60 {
		tick := judge.Tick{At: time.Duration(i+1) * 5 * time.Second, Samples: []judge.Sample{sample(judge.Canary, "c", 30, 1.3)}}
		for _, host := range []string{"b1", "b2", "b3"} {
			tick.Samples = append(tick.Samples, sample(judge.Baseline, host, 30, 1))
		}
		s.Look(tick)
		all = append(all, s.Finding())
	}
	return all
}

// The edge that tells most changes from look to look. One line through the rates at all of them goes up and down
// though nothing changes.
func TestAHistogramIsDrawnAtOneEdge(t *testing.T) {
	t.Parallel()
	all := latencies(t)
	edges := map[float64]bool{}
	for _, f := range all {
		edges[f.Metrics[0].Edge] = true
	}
	if len(edges) < 2 {
		t.Fatal("it is the same edge at every look: nothing is tried here")
	}
	c, last := newCurve(Bake{Findings: all}), all[len(all)-1].Metrics[0]
	for i, q := range c.points {
		canary, baseline, known := all[i].Metrics[0].RatesAt(last.Edge)
		if !known || q.Canary != canary || q.Baseline != baseline || q.Edge != last.Edge {
			t.Fatalf("look %d: %+v is not at %v", i, q, last.Edge)
		}
		if i > 0 && (q.Canary.Events < c.points[i-1].Canary.Events || q.Canary.Exposure <= c.points[i-1].Canary.Exposure) {
			t.Fatalf("look %d: what was seen became less", i)
		}
		if i > 20 && math.Abs(q.Canary.Value-last.Canary.Value) > 0.1 {
			t.Errorf("look %d: %v, and at the end %v", i, q.Canary.Value, last.Canary.Value)
		}
	}
	want := fmt.Sprintf("latency: share slower than %s (canary) and %s (baseline), with 95 %% intervals", number(1.2*last.Edge), number(last.Edge))
	if svg := string(SVG(Bake{Findings: all})); strings.Count(svg, want) != 2 {
		t.Errorf("no %q as heading and in the description", want)
	}
}

// A finding that was read back knows the rates of its own edge alone.
func TestALookAtAnotherEdgeIsNotDrawn(t *testing.T) {
	t.Parallel()
	rate := judge.Rate{Events: 1, Exposure: 10, Value: 0.1, High: 0.4}
	finding := func(at time.Duration, edge float64) judge.Finding {
		return judge.Finding{At: at, Metrics: []judge.MetricFinding{{Name: "m", Kind: judge.Histogram, Edge: edge, Canary: rate, Baseline: rate}}}
	}
	c := newCurve(Bake{Findings: []judge.Finding{finding(1, 0.5), finding(2, 0.1), finding(3, 0.5)}})
	if c.points[0].Canary != rate || c.points[1].Canary.Exposure != 0 || c.points[1].Baseline.Exposure != 0 || c.points[2].Canary != rate {
		t.Errorf("points %+v", c.points)
	}
}

func TestAHeadingNamesTheMetricFirst(t *testing.T) {
	t.Parallel()
	c := curve{name: "request_duration_seconds", points: []point{{0, judge.MetricFinding{Kind: judge.Histogram, Edge: 0.5, Tolerated: judge.Tolerance{WorseBy: 1.2}}}}}
	const short = "request_duration_seconds: share slower than 0.6 (canary) and 0.5 (baseline)"
	for room, want := range map[float64]string{2000: short + ", with 95 % intervals", 645: short, 500: "request_dur..." + short[24:]} {
		if got := c.heading(room); got != want {
			t.Errorf("%v: %q", room, got)
		}
	}
}

func TestTheMetricThatIsDrawn(t *testing.T) {
	t.Parallel()
	m := func(name string, against float64, dry bool) judge.MetricFinding {
		return judge.MetricFinding{Name: name, Against: against, DryRun: dry}
	}
	for _, c := range []struct {
		metric  string
		metrics []judge.MetricFinding
		name    string
		choice  string
	}{
		{"", []judge.MetricFinding{m("a", 1, false)}, "a", ""},
		{"", []judge.MetricFinding{m("a", 1, false), m("b", 1.0000000001, false)}, "b", "1 of 2 metrics: the one with most evidence against it"},
		{"", []judge.MetricFinding{m("a", 1, false), m("b", 9, true), m("c", -1, false)}, "a", "1 of 3 metrics: the one with most evidence against it"},
		{"", []judge.MetricFinding{m("a", 1, true), m("b", 9, true)}, "b", "1 of 2 metrics: the one with most evidence against it"},
		{"", []judge.MetricFinding{m("a", math.NaN(), false), m("b", -3, false), m("c", math.Inf(1), false)}, "c", "1 of 3 metrics: the one with most evidence against it"},
		{"a", []judge.MetricFinding{m("a", 1, false), m("b", 9, false)}, "a", "1 of 2 metrics"},
	} {
		b := Bake{Metric: c.metric, Findings: []judge.Finding{{At: time.Second, Metrics: c.metrics}}}
		if got := newCurve(b); got.name != c.name || got.choice() != c.choice {
			t.Errorf("%+v: %s, %q", c.metrics, got.name, got.choice())
		}
		if svg := string(SVG(b)); c.choice != "" && strings.Count(svg, c.choice) != 2 || c.choice == "" && strings.Contains(svg, "metrics") {
			t.Errorf("%q is not said as it should be", c.choice)
		}
	}
}

// Hosts without others beside them are compared with themselves, and that is said in one word.
func TestWhatTheCanaryIsComparedWith(t *testing.T) {
	t.Parallel()
	s, err := judge.New(judge.Config{Metrics: []judge.Metric{{Name: "errors", WorseBy: 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var all []judge.Finding
	for i := range 40 {
		tick := judge.Tick{At: time.Duration(i-20) * 5 * time.Second, Samples: []judge.Sample{{Arm: judge.Canary, Host: "c", Metric: "errors", Events: 1, Exposure: 100}}}
		if i <= 20 {
			tick.Samples[0].Arm = judge.CanaryBefore
		}
		s.Look(tick)
		if f := s.Finding(); i > 20 {
			all = append(all, f)
		}
	}
	svg := string(SVG(Bake{Findings: all}))
	if !strings.Contains(all[len(all)-1].Reason, ", before ") {
		t.Fatalf("the reason is %q", all[len(all)-1].Reason)
	}
	if !strings.Contains(svg, ">before</text>") || !strings.Contains(svg, ", before 1 %.") || strings.Contains(svg, ">baseline<") || strings.Contains(svg, ", baseline ") {
		t.Errorf("another word than the reason's in\n%s", svg)
	}
	// Later there are others: what was drawn of before is not of the same line.
	other := all[len(all)-1]
	other.At += time.Second
	other.Metrics = []judge.MetricFinding{other.Metrics[0]}
	other.Metrics[0].Before = false
	c := newCurve(Bake{Findings: append(all, other)})
	if c.versus() != "baseline" || c.points[0].Baseline.Exposure != 0 || c.points[0].Canary.Exposure == 0 || c.points[len(c.points)-1].Baseline.Exposure == 0 {
		t.Errorf("first %+v, last %+v", c.points[0], c.points[len(c.points)-1])
	}
}

func TestNoData(t *testing.T) {
	t.Parallel()
	for _, kind := range []judge.Kind{judge.Counts, judge.Gauge, judge.Histogram} {
		f := judge.Finding{Verdict: judge.NoData, At: time.Minute, AlarmAt: math.Log(1000), Metrics: []judge.MetricFinding{{Name: "m", Kind: kind, Verdict: judge.NoData}}}
		svg := string(SVG(Bake{Findings: []judge.Finding{f}}))
		if strings.Count(svg, ">no data</text>") != 2 { // the verdict is the other
			t.Errorf("%s: it does not say so in the frame", kind)
		}
		if strings.Contains(svg, ">canary</text>") || strings.Contains(svg, ">baseline</text>") {
			t.Errorf("%s: a legend of what is not there", kind)
		}
	}
}

// outside finds places that are no numbers, or outside the picture.
func outside(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	numbers := regexp.MustCompile(`[^\s,]+`)
	for {
		token, err := d.Token()
		if token == nil {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height", "points":
			default:
				continue
			}
			for _, n := range numbers.FindAllString(a.Value, -1) {
				if v, err := strconv.ParseFloat(n, 64); err != nil || !(v >= 0 && v <= width) {
					t.Fatalf("%s: %s=%q", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

// Whatever a finding holds, nothing is drawn at a place that is none.
func TestEverythingHasAPlace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 2),
			rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}))
		rate := func(name string) judge.Rate {
			return judge.Rate{Exposure: value.Draw(r, name+" exposure"), Value: value.Draw(r, name), Low: value.Draw(r, name+" low"), High: value.Draw(r, name+" high")}
		}
		b := Bake{Title: rapid.String().Draw(r, "title")}
		kind := rapid.SampledFrom([]judge.Kind{judge.Counts, judge.Gauge, judge.Histogram}).Draw(r, "kind")
		for i := range rapid.IntRange(1, 4).Draw(r, "looks") {
			m := judge.MetricFinding{Name: "m", Kind: kind, Canary: rate("canary"), Baseline: rate("baseline"), Against: value.Draw(r, "against"), Edge: rapid.SampledFrom([]float64{0, 0.5, math.NaN()}).Draw(r, "edge")}
			b.Findings = append(b.Findings, judge.Finding{
				Verdict: rapid.SampledFrom([]judge.Verdict{judge.Fail, judge.Pass}).Draw(r, "verdict"), Reason: rapid.String().Draw(r, "reason"),
				At: time.Duration(rapid.Int64().Draw(r, "at")), Since: time.Duration(rapid.Int64().Draw(r, "since")), AlarmAt: value.Draw(r, "alarm"), Metrics: []judge.MetricFinding{m},
			})
			b.Marks = append(b.Marks, Mark{time.Duration(rapid.Int64().Draw(r, "mark")), strings.Repeat("x", i)})
		}
		outside(t, SVG(b))
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.5: "0.5", 5000: "5000", 9999: "10k", 12345: "12.3k", -2.5e6: "-2.5M", 5e8: "500M", 1e9: "1G", 3e12: "3T", 2e99: "2e+99"} {
		if got := number(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}

// A look that makes no sense costs itself its place, not the others theirs.
func TestOneStrangeLookMovesNoOther(t *testing.T) {
	t.Parallel()
	for _, kind := range []judge.Kind{judge.Counts, judge.Gauge} {
		finding := func(at time.Duration, value, against float64) judge.Finding {
			r := judge.Rate{Exposure: 10, Value: value, Low: value, High: value}
			return judge.Finding{At: at * time.Minute, AlarmAt: 7, Metrics: []judge.MetricFinding{{Name: "m", Kind: kind, Canary: r, Baseline: r, Against: against}}}
		}
		view := func(all ...judge.Finding) view {
			return newView(newCurve(Bake{Findings: all}).points, all[len(all)-1], nil)
		}
		with := view(finding(1, 0.2, 1), finding(2, math.NaN(), math.NaN()), finding(3, 0.4, 3))
		without := view(finding(1, 0.2, 1), finding(3, 0.4, 3))
		if a, b := with.rate(0.2), without.rate(0.2); a != b {
			t.Errorf("%s: the rate lies at %v instead of %v", kind, a, b)
		}
		if a, b := with.proof(1), without.proof(1); a != b || with.proof(with.points[1].Against/math.Ln10) != without.proof(0) {
			t.Errorf("%s: the evidence lies at %v instead of %v", kind, a, b)
		}
	}
}
