// Package chart draws a judged bake as a picture (SVG): both arms' rates with their
// intervals, the stage marks, the evidence with its threshold, and the moment of the
// alarm. The command line calls it with the findings of a bake. It
// never reads a file, and what it draws holds no script and refers to nothing outside itself.
package chart

import (
	"fmt"
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
	c := newCurve(b)
	title := b.Title
	if title == "" {
		title = "A canary, judged"
	}
	p.open(title, describe(b, c))
	if len(c.points) == 0 {
		p.text(left, 34, "title", "start", fit(title, 19, width-left-right))
		p.text(width/2, height/2, "label", "middle", "nothing was looked at")
		p.close()
		return []byte(p.String())
	}
	last := b.Findings[len(b.Findings)-1]
	p.text(left, 34, "title", "start", fit(title, 19, p.pill(last)-12-left))
	p.text(left, 52, "key", "start", c.choice())
	v := newView(c.points, last, b.Marks)
	p.rates(v, c)
	p.evidence(v)
	p.marks(v, b.Marks, last)
	p.time(v)
	p.reason(last.Reason)
	p.close()
	return []byte(p.String())
}

// describe is the picture in words, for who cannot see it.
func describe(b Bake, c curve) string {
	if len(c.points) == 0 {
		return "Nothing was looked at."
	}
	f, last := b.Findings[len(b.Findings)-1], c.points[len(c.points)-1]
	text := fmt.Sprintf("%s: %s%s, over %s.", c.name, c.what(), c.spread(), last.at.Round(time.Second))
	if choice := c.choice(); choice != "" {
		text += " It is " + choice + "."
	}
	switch {
	case last.Canary.Exposure == 0 && last.Baseline.Exposure == 0:
		text += " No data at the end."
	case last.Canary.Exposure == 0:
		text += fmt.Sprintf(" Canary without data, %s %s.", c.versus(), amount(last.Kind, last.Baseline.Value))
	case last.Baseline.Exposure == 0:
		text += fmt.Sprintf(" Canary %s.", amount(last.Kind, last.Canary.Value))
	default:
		text += fmt.Sprintf(" Canary %s, %s %s.", amount(last.Kind, last.Canary.Value), c.versus(), amount(last.Kind, last.Baseline.Value))
	}
	text += fmt.Sprintf(" Verdict: %s. %s.", f.Verdict, f.Reason)
	for _, m := range b.Marks {
		text += fmt.Sprintf(" At %s: %s.", m.At.Round(time.Second), m.Label)
	}
	if f.Verdict == judge.Fail {
		text += fmt.Sprintf(" The alarm was at %s.", f.Since.Round(time.Second))
	}
	return text
}
