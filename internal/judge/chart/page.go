package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// style is light, and dark where the reader's screen is. Arms differ by dashes too, not by
// colour alone.
const style = `
.page{fill:#fff}.frame{stroke:#d0d7de;fill:none}.grid{stroke:#d0d7de;stroke-opacity:.55}
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#57606a}
.title{font-size:19px;font-weight:600;fill:#1f2328}.label{fill:#1f2328;font-weight:600}
.canary{stroke:#bc4c00}.baseline{stroke:#0969da}.proof{stroke:#8250df}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}.baseline.line{stroke-dasharray:7 4}
.band{stroke:none;fill-opacity:.16}.canary.band{fill:#bc4c00}.baseline.band{fill:#0969da}.proof.band{fill:#8250df}
.threshold{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:3 3}.alarm{stroke:#cf222e;stroke-width:2}.dot{fill:#cf222e}
.alarmtext{fill:#cf222e;font-weight:600}.mark{stroke:#6e7781;stroke-dasharray:2 4}
.pass{fill:#1a7f37}.fail{fill:#cf222e}.inconclusive{fill:#9a6700}.nodata{fill:#57606a}.pill{fill:#fff;font-weight:600}
@media (prefers-color-scheme:dark){
.page{fill:#0d1117}.frame{stroke:#30363d}.grid{stroke:#30363d}text{fill:#9198a1}.title,.label{fill:#f0f6fc}
.canary{stroke:#ffa657}.baseline{stroke:#79c0ff}.proof{stroke:#d2a8ff}.canary.band{fill:#ffa657}.baseline.band{fill:#79c0ff}.proof.band{fill:#d2a8ff}
.band{stroke:none}.threshold,.alarm{stroke:#ff7b72}.dot,.alarmtext{fill:#ff7b72}.mark{stroke:#9198a1}.pill{fill:#fff}
.pass{fill:#238636}.fail{fill:#da3633}.inconclusive{fill:#9e6a03}.nodata{fill:#484f58}}
`

// How large text is, and how large what is bold would be if it were not.
const textSize, boldSize = 13, 14

// page is a picture that is being written.
type page struct{ strings.Builder }

func (p *page) put(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

func (p *page) open(title, desc string) {
	p.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`, width, height, width, height)
	p.put(`<title id="title">%s</title>`, clean(title))
	p.put(`<desc id="desc">%s</desc>`, clean(desc))
	p.put(`<style>%s</style>`, style)
	p.put(`<rect class="page" width="%d" height="%d" rx="8"/>`, width, height)
}

func (p *page) close() { p.put(`</svg>`) }

func (p *page) text(x, y float64, class, anchor, s string) {
	p.put(`<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor, clean(s))
}

func (p *page) lineAt(class string, x1, y1, x2, y2 float64) {
	p.put(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// pill is the verdict, top right, and where that begins.
func (p *page) pill(last judge.Finding) float64 {
	class := strings.ReplaceAll(string(last.Verdict), " ", "")
	w := 26 + 8.2*float64(len(last.Verdict))
	x := width - right - w
	p.put(`<rect class="%s" x="%.1f" y="16" width="%.1f" height="26" rx="13"/>`, clean(class), x, w)
	p.text(x+w/2, 33.5, "pill", "middle", string(last.Verdict))
	return x
}

// rates draws both arms.
func (p *page) rates(v view, c curve) {
	arms := []arm{
		{"baseline", c.versus(), func(q point) judge.Rate { return q.Baseline }},
		{"canary", "canary", func(q point) judge.Rate { return q.Canary }},
	}
	arms = slices.DeleteFunc(arms, func(a arm) bool {
		return !slices.ContainsFunc(c.points, func(q point) bool { return a.of(q).Exposure > 0 })
	})
	room := p.legend(arms) - 14 - left
	p.text(left, ratesTop-14, "label", "start", c.heading(room))
	p.put(`<rect class="frame" x="%d" y="%d" width="%d" height="%d"/>`, left, ratesTop, width-left-right, ratesEnd-ratesTop)
	if len(arms) == 0 {
		p.text((left+width-right)/2, (ratesTop+ratesEnd)/2, "label", "middle", "no data")
		return
	}
	for _, t := range v.rateTicks {
		p.lineAt("grid", left, v.rate(t), width-right, v.rate(t))
		p.text(left-8, v.rate(t)+4, "tick", "end", amount(v.points[0].Kind, t))
	}
	for _, a := range arms {
		p.arm(v, a)
	}
}

// arm is one of the two lines: its class, its name and its rates.
type arm struct {
	class, name string
	of          func(point) judge.Rate
}

// legend names the arms, top right, the canary first, and is where that begins.
func (p *page) legend(arms []arm) float64 {
	x, y := float64(width-right), float64(ratesTop-18)
	for _, a := range arms {
		x -= wide(a.name, textSize)
		p.text(x, y+4, "key", "start", a.name)
		p.lineAt(a.class+" line", x-36, y, x-6, y)
		x -= 36 + 16
	}
	return x + 16
}

// arm draws one arm's band and line, from when it had anything.
func (p *page) arm(v view, a arm) {
	var up, down, line []string
	add := func(x float64, r judge.Rate) {
		up = append(up, fmt.Sprintf("%.1f,%.1f", x, v.rate(r.High)))
		down = append(down, fmt.Sprintf("%.1f,%.1f", x, v.rate(r.Low)))
		line = append(line, fmt.Sprintf("%.1f,%.1f", x, v.rate(r.Value)))
	}
	var last point
	for _, q := range v.points {
		if r := a.of(q); r.Exposure > 0 {
			add(v.x(q.at), r)
			last = q
		}
	}
	if len(line) == 1 {
		// A line of one point would not be seen.
		x := v.x(last.at) - 12
		if x < left {
			x += 24
		}
		add(x, a.of(last))
	}
	slices.Reverse(down)
	p.put(`<polygon class="%s band" points="%s"/>`, a.class, strings.Join(append(up, down...), " "))
	p.put(`<polyline class="%s line" points="%s"/>`, a.class, strings.Join(line, " "))
}

// evidence draws how much speaks against the canary, and from where on that is enough.
func (p *page) evidence(v view) {
	p.text(left, proofTop-12, "label", "start", "Evidence against the canary, to 1")
	for _, t := range v.evidenceTicks {
		if y := v.proof(t); t >= v.least && t == math.Trunc(t) {
			p.lineAt("grid", left, y, width-right, y)
			p.text(left-8, y+4, "tick", "end", power(t))
		}
	}
	p.put(`<rect class="frame" x="%d" y="%d" width="%d" height="%d"/>`, left, proofTop, width-left-right, proofEnd-proofTop)
	var line []string
	for _, q := range v.points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", v.x(q.at), v.proof(q.Against/math.Ln10)))
	}
	first, end := v.x(v.points[0].at), v.x(v.points[len(v.points)-1].at)
	p.put(`<polygon class="proof band" points="%.1f,%d %s %.1f,%d"/>`, first, proofEnd, strings.Join(line, " "), end, proofEnd)
	p.put(`<polyline class="proof line" points="%s"/>`, strings.Join(line, " "))
	if v.threshold > 0 {
		y := v.proof(v.threshold)
		p.lineAt("threshold", left, y, width-right, y)
		p.text(left+6, y-5, "alarmtext", "start", "fail from "+odds(v.threshold)+" to 1 on")
	}
}

// odds is evidence, of its power of ten.
func odds(power float64) string {
	if power > 9 {
		return fmt.Sprintf("1e%.0f", power)
	}
	return fmt.Sprintf("%.0f", math.Round(math.Pow(10, power)))
}

func power(t float64) string {
	if t >= 0 && t <= 4 {
		return fmt.Sprintf("%.0f", math.Pow(10, t))
	}
	return fmt.Sprintf("1e%.0f", t)
}

// marks draws the stages and the alarm across both parts.
func (p *page) marks(v view, marks []Mark, last judge.Finding) {
	for _, m := range marks {
		x := v.x(m.At)
		p.lineAt("mark", x, ratesTop, x, proofEnd)
		anchor, shift, room := "start", 5.0, width-right-5-x
		if x > width*3/4 {
			anchor, shift, room = "end", -5.0, x-left-5
		}
		p.text(x+shift, ratesTop+16, "key", anchor, fit(m.Label, textSize, room))
	}
	if last.Verdict != judge.Fail {
		return
	}
	x := v.x(last.Since)
	p.lineAt("alarm", x, ratesTop, x, proofEnd)
	p.put(`<circle class="dot" cx="%.1f" cy="%.1f" r="5"/>`, x, v.proof(v.threshold))
	anchor, shift := "end", -8.0
	if x < left+120 {
		anchor, shift = "start", 8.0
	}
	p.text(x+shift, ratesEnd+20, "alarmtext", anchor, "alarm after "+last.Since.Round(time.Second).String())
}

// time labels the axis that both parts share.
func (p *page) time(v view) {
	unit, name := time.Second, "s"
	if v.end > 3*time.Minute {
		unit, name = time.Minute, "min"
	}
	if v.end > 3*time.Hour {
		unit, name = time.Hour, "h"
	}
	for _, t := range ticks(0, float64(v.end)/float64(unit), 8) {
		x := v.x(time.Duration(t * float64(unit)))
		p.lineAt("grid", x, proofEnd, x, proofEnd+5)
		label := number(t) + " " + name
		p.text(min(x, width-right-wide(label, textSize)/2), proofEnd+20, "tick", "middle", label)
	}
}

// reason is what the judge says, in at most three lines.
func (p *page) reason(text string) {
	for i, line := range wrap(text, textSize, width-left-right, 3) {
		p.text(left, float64(proofEnd+48+19*i), "key", "start", line)
	}
}
