package runbook

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

var (
	comment = regexp.MustCompile(`(?s)<!--(.*?)(-->|\z)`)
	vouch   = regexp.MustCompile(`(?s)^\s*slipway:\s*allow\s+(.*)$`)
	element = regexp.MustCompile(`(?is)<(h[1-6]|summary|li|pre)(?:\s[^>]*)?>(.*?)</(?:h[1-6]|summary|li|pre)>`)
	tag     = regexp.MustCompile(`(?s)</?[A-Za-z!][^>]*>`)
)

// html takes a block of HTML: headings in it begin sections, items are steps.
func (p *parser) html(n *ast.HTMLBlock) {
	start, raw := p.rawOf(n)
	p.comments(raw)
	// What a comment hides stays as long as it is, so that places stay right.
	raw = comment.ReplaceAllStringFunc(raw, func(s string) string { return strings.Repeat(" ", len(s)) })
	var rest strings.Builder // what is in no element
	after := 0
	for _, m := range element.FindAllStringSubmatchIndex(raw, -1) {
		name, body, at := strings.ToLower(raw[m[2]:m[3]]), raw[m[4]:m[5]], start+m[0]
		text := stripped(body)
		rest.WriteString(raw[after:m[0]])
		after = m[1]
		if text == "" {
			continue
		}
		switch name {
		case "li":
			p.flush()
			p.section().Empty = false
			p.step(Step{Text: text, At: p.lines.position(start + m[4])})
		case "pre":
			p.section().Empty = false
			p.pre(body, start+m[4])
		default:
			level := boldLevel
			if name != "summary" {
				level, _ = strconv.Atoi(name[1:]) // one digit, as the pattern says
			}
			p.close(p.lines.first(at))
			p.open(text, level, p.lines.first(at), start+m[4])
		}
	}
	rest.WriteString(raw[after:])
	if text := stripped(rest.String()); text != "" {
		p.section().Empty = false
		p.flush()
		p.pending = &Step{Text: text, At: p.lines.position(start)}
	}
}

// pre takes preformatted text as a block of code.
func (p *parser) pre(body string, start int) {
	var c chunk
	for line := range strings.Lines(body) {
		cut := strings.TrimRight(line, "\r\n")
		c.lines = append(c.lines, html.UnescapeString(tag.ReplaceAllString(cut, "")))
		c.starts = append(c.starts, start+len(cut)-len(strings.TrimLeft(tag.ReplaceAllString(cut, ""), " \t")))
		start += len(line)
	}
	for len(c.lines) > 0 && strings.TrimSpace(c.lines[0]) == "" {
		c.lines, c.starts = c.lines[1:], c.starts[1:]
	}
	c, ok := c.shell("")
	if !ok {
		return
	}
	p.flush()
	at := p.lines.position(c.starts[0])
	p.step(Step{At: at, Code: []Code{{Text: c.text(), At: at, Told: true, Commands: commands(c.text(), c.places(p.lines))}}})
}

// comments takes what comments say to Slipway.
func (p *parser) comments(raw string) {
	for _, m := range comment.FindAllStringSubmatch(raw, -1) {
		say := vouch.FindStringSubmatch(m[1])
		if say == nil {
			continue
		}
		names, _, _ := strings.Cut(say[1], ": ") // the reason follows
		for name := range strings.SplitSeq(names, ",") {
			if name = strings.TrimSpace(name); name != "" {
				p.doc.allowed = append(p.doc.allowed, name)
			}
		}
	}
}

// rawOf is the HTML of a block and where it begins.
func (p *parser) rawOf(n *ast.HTMLBlock) (start int, raw string) {
	lines := n.Lines()
	if lines.Len() == 0 {
		return max(n.Pos(), 0), ""
	}
	start = lines.At(0).Start
	stop := lines.At(lines.Len() - 1).Stop
	if n.HasClosure() {
		stop = max(stop, n.ClosureLine.Stop)
	}
	return start, string(p.source[start:stop])
}

func stripped(raw string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(raw, " "))), " ")
}
