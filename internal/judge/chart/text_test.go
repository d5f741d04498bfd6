package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\nb": "a b", "a\tb\r": "a b ", "a\u2028b\u0085c": "a b c", "a\x00b\x1b[1m": "a�b�[1m", "a\u202eb": "a�b", "<a & b>": "&lt;a &amp; b&gt;", "čeština 版": "čeština 版", "\xff": "�",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	svg := string(SVG(Bake{Title: "one\ntwo", Findings: []judge.Finding{{At: 1, Reason: "r\ns", Metrics: []judge.MetricFinding{{Name: "a\nb"}}}}}))
	if strings.Contains(svg, "&#x") || !strings.Contains(svg, "<title id=\"title\">one two</title>") || !strings.Contains(svg, ">a b: rate") {
		t.Errorf("a line that is broken in\n%s", svg)
	}
}

func TestWrapAndFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		room float64
		want string
	}{
		{"", 100, ""},
		{"aa bb cc", 300, "aa bb cc"},
		{"aa bb cc", 24, "aa|bb|cc"},
		{"aa bb cc dd ee", 60, "aa bb|cc dd|ee"},
		{"aa bb cc dd ee oo gg", 60, "aa bb|cc dd|ee oo..."},
		{"aaaaaaaaaaaaaaa b", 60, "aaaaaaa|aaaaaaa|a b"},
	} {
		if got := strings.Join(wrap(c.text, 13, c.room, 3), "|"); got != c.want {
			t.Errorf("%q in %v: %q", c.text, c.room, got)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		text, room := rapid.String().Draw(r, "text"), rapid.Float64Range(40, 300).Draw(r, "room")
		lines := wrap(text, 13, room, 3)
		if len(lines) > 3 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if wide(line, 13) > room+0.001 {
				t.Fatalf("%q is %v wide, and has %v", line, wide(line, 13), room)
			}
		}
		all := strings.Join(strings.Fields(text), "")
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); !strings.HasSuffix(got, "...") && got != all {
			t.Fatalf("%q of %q", got, all)
		}
	})
}

// Whatever there is to say, it is said within the frame.
func TestTextStaysInside(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a metric that is worse WWW 100 % ", 40)
	m := judge.MetricFinding{Name: strings.Repeat("name-", 60), Canary: judge.Rate{Exposure: 1, High: 1}, Baseline: judge.Rate{Exposure: 1, High: 1}, Against: 8}
	for _, at := range []time.Duration{14 * time.Minute, 45 * time.Second, 10 * time.Hour} {
		f := judge.Finding{Verdict: judge.Inconclusive, At: at, AlarmAt: 7, Reason: long, Metrics: []judge.MetricFinding{m, {Name: "other"}}}
		svg := SVG(Bake{Title: long, Findings: []judge.Finding{f}, Marks: []Mark{{at / 3, long}, {at, long}}})
		d := xml.NewDecoder(strings.NewReader(string(svg)))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			e, ok := token.(xml.StartElement)
			if !ok || e.Name.Local != "text" {
				continue
			}
			is := map[string]string{}
			for _, a := range e.Attr {
				is[a.Name.Local] = a.Value
			}
			var text string
			if err := d.DecodeElement(&text, &e); err != nil {
				t.Fatal(err)
			}
			x, err := strconv.ParseFloat(is["x"], 64)
			if err != nil {
				t.Fatal(err)
			}
			size := map[string]float64{"title": 19, "label": boldSize}[is["class"]]
			if size == 0 {
				size = textSize
			}
			to := x + wide(text, size)*map[string]float64{"start": 1, "middle": 0.5, "end": 0}[is["text-anchor"]]
			if to > width-right+0.1 {
				t.Errorf("%q ends at %.0f", text, to)
			}
		}
	}
}
