// Package chart draws a judged bake as a picture (SVG): both arms' rates with their
// intervals, the stage marks, the evidence with its threshold, and the moment of the
// alarm. The command line and the web pages call it with the findings of a bake. It
// never reads a file, and what it draws holds no script and refers to nothing outside itself.
package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// Bake is what is drawn.
type Bake struct {
	Title    string
	Metric   string          // which metric of the findings; empty: the one with most evidence against it
	Findings []judge.Finding // in order of time
	Marks    []Mark
}

// Mark is a moment with a name: a stage that begins, a promotion.
type Mark struct {
	At    time.Duration
	Label string
}

// SVG is the picture. Without findings it is a picture that says so.
func SVG(b Bake) []byte {
	var p page
	points, metric := points(b)
	title := b.Title
	if title == "" {
		title = "A canary, judged"
	}
	p.open(title, describe(b, metric, points))
	p.text(left, 34, "title", "start", title)
	if len(points) == 0 {
		p.text(width/2, height/2, "label", "middle", "nothing was looked at")
		p.close()
		return []byte(p.String())
	}
	last := b.Findings[len(b.Findings)-1]
	p.pill(last)
	v := newView(points, last, b.Marks)
	p.rates(v, metric)
	p.evidence(v, last)
	p.marks(v, b.Marks, last)
	p.time(v)
	p.reason(last.Reason)
	p.close()
	return []byte(p.String())
}

// point is one metric of one finding.
type point struct {
	at time.Duration
	judge.MetricFinding
}

// points picks the metric that is drawn, at every time it was looked at.
func points(b Bake) ([]point, string) {
	name := b.Metric
	if n := len(b.Findings); name == "" && n > 0 {
		best := slices.MaxFunc(append([]judge.MetricFinding{{}}, b.Findings[n-1].Metrics...), func(x, y judge.MetricFinding) int {
			if (x.Name == "") != (y.Name == "") {
				return strings.Compare(x.Name, y.Name)
			}
			return int(1e6*x.Against) - int(1e6*y.Against)
		})
		name = best.Name
	}
	var found []point
	for _, f := range b.Findings {
		for _, m := range f.Metrics {
			if m.Name == name && f.At >= 0 {
				found = append(found, point{f.At, m})
			}
		}
	}
	slices.SortStableFunc(found, func(x, y point) int { return int(x.at - y.at) })
	return found, name
}

// describe is the picture in words, for who cannot see it.
func describe(b Bake, metric string, points []point) string {
	if len(points) == 0 {
		return "Nothing was looked at."
	}
	f, last := b.Findings[len(b.Findings)-1], points[len(points)-1]
	text := fmt.Sprintf("%s over %s. Canary %s, baseline %s. Verdict: %s. %s.", metric, last.at.Round(time.Second),
		amount(last.Kind, last.Canary.Value), amount(last.Kind, last.Baseline.Value), f.Verdict, f.Reason)
	for _, m := range b.Marks {
		text += fmt.Sprintf(" At %s: %s.", m.At.Round(time.Second), m.Label)
	}
	if f.Verdict == judge.Fail {
		text += fmt.Sprintf(" The alarm was at %s.", f.Since.Round(time.Second))
	}
	return text
}
