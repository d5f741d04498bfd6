package runbook

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// heading is what begins a section.
type heading struct {
	title string
	level int
	at    int
}

// boldLevel is the level of a line of bold text that serves as a heading.
const boldLevel = 7

// heading reports whether a block begins a section.
func (p *parser) heading(n ast.Node) (heading, bool) {
	switch n := n.(type) {
	case *ast.Heading:
		return heading{title: p.plain(n), level: n.Level, at: p.offset(n)}, true
	case *ast.Paragraph:
		first := n.FirstChild()
		bold, ok := first.(*ast.Emphasis)
		if !ok || bold.Level != 2 {
			return heading{}, false
		}
		rest := ""
		for after := bold.NextSibling(); after != nil; after = after.NextSibling() {
			rest += p.plain(after)
		}
		text := p.plain(bold)
		if strings.Trim(rest, ": ") != "" || len(strings.Fields(text)) > 8 || strings.HasSuffix(text, ".") {
			return heading{}, false
		}
		return heading{title: text, level: boldLevel, at: p.offset(n)}, true
	}
	return heading{}, false
}

// offset is the first byte of a node.
func (p *parser) offset(n ast.Node) int {
	if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
		at := n.Lines().At(0).Start
		if _, code := n.(*ast.FencedCodeBlock); !code {
			return at
		}
	}
	if at := n.Pos(); at >= 0 {
		return at
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if at := p.offset(c); at >= 0 {
			return at
		}
	}
	return -1
}

func (p *parser) start(n ast.Node) Position { return p.lines.position(p.offset(n)) }

// plain is the text of a node as a person reads it.
func (p *parser) plain(n ast.Node) string {
	var b strings.Builder
	p.write(&b, n)
	return strings.TrimSpace(strings.Join(strings.Fields(b.String()), " "))
}

func (p *parser) write(b *strings.Builder, n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		b.Write(n.Segment.Value(p.source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
		return
	case *ast.String:
		b.Write(n.Value)
		return
	case *ast.AutoLink:
		b.Write(n.Label(p.source))
		return
	case *ast.RawHTML:
		p.writeBlank(b, n)
		return
	case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		p.write(b, c)
		if c.Type() == ast.TypeBlock {
			b.WriteByte(' ')
		}
	}
}

// writeBlank keeps a "<host>", which Markdown takes for a tag, and leaves tags out.
func (p *parser) writeBlank(b *strings.Builder, n *ast.RawHTML) {
	raw := ""
	for i := range n.Segments.Len() {
		s := n.Segments.At(i)
		raw += string(s.Value(p.source))
	}
	if fillable(raw) != "" {
		b.WriteString(raw)
	}
}

// inline finds the shell in the text of a node.
func (p *parser) inline(n ast.Node) []Code {
	var found []Code
	var before strings.Builder
	var walk func(ast.Node)
	walk = func(n ast.Node) {
		if span, ok := n.(*ast.CodeSpan); ok {
			if c, ok := p.span(span, before.String()); ok {
				found = append(found, c)
			}
		}
		if n.FirstChild() == nil || n.Kind() == ast.KindCodeSpan {
			p.write(&before, n)
			return
		}
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			walk(c)
		}
	}
	walk(n)
	return found
}

// span reads a piece of code in a line; before is the text that leads to it.
func (p *parser) span(n *ast.CodeSpan, before string) (Code, bool) {
	var c chunk
	for t := n.FirstChild(); t != nil; t = t.NextSibling() {
		s, ok := t.(*ast.Text)
		if !ok {
			continue
		}
		if n := len(c.lines) - 1; n >= 0 && p.lines.first(c.starts[n]) == p.lines.first(s.Segment.Start) {
			c.lines[n] += strings.TrimRight(string(s.Segment.Value(p.source)), "\r\n") // a pipe in a table was quoted before it
		} else {
			c.lines = append(c.lines, strings.TrimRight(string(s.Segment.Value(p.source)), "\r\n"))
			c.starts = append(c.starts, s.Segment.Start)
		}
	}
	if len(c.lines) == 0 || !commandLike(strings.TrimSpace(c.lines[0])) || len(strings.Fields(c.text())) < 2 {
		return Code{}, false
	}
	if cut := prompt.FindString(c.lines[0]); cut != "" {
		c.lines[0], c.starts[0] = c.lines[0][len(cut):], c.starts[0]+len(cut)
	}
	return Code{Text: c.text(), At: p.lines.position(c.starts[0]), Inline: true, Told: toldInline(before), Commands: commands(c.text(), c.places(p.lines))}, true
}

// codeBlock reads a block of code; before is the text that leads to it.
func (p *parser) codeBlock(n ast.Node, before string) (Code, bool) {
	language := p.language(n)
	var c chunk
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		c.lines = append(c.lines, strings.TrimRight(string(p.source[s.Start:s.Stop]), "\r\n"))
		c.starts = append(c.starts, s.Start)
	}
	c, ok := c.shell(language)
	if !ok {
		return Code{}, false
	}
	return Code{Text: c.text(), At: p.lines.position(c.starts[0]), Language: language, Told: toldBlock(before),
		Commands: commands(c.text(), c.places(p.lines))}, true
}

// language is what the fence of a block says.
func (p *parser) language(n ast.Node) string {
	f, ok := n.(*ast.FencedCodeBlock)
	if !ok || f.Info == nil {
		return ""
	}
	said := strings.FieldsFunc(string(f.Info.Value(p.source)), func(r rune) bool { return strings.ContainsRune(" \t{},:.", r) })
	if len(said) == 0 {
		return ""
	}
	return strings.ToLower(said[0])
}

var (
	imperative  = regexp.MustCompile(`(?i)(^|[\s(])(run|running|execute|check|check with|verify|verify with|confirm|confirm with|with|try|using|use|type|enter|do|then|and|via)(:| that)?\s*$`)
	negative    = regexp.MustCompile(`(?i)\b(never|not|n't|don't|avoid|instead of|rather than|no longer|without|used to)\b`)
	conditional = regexp.MustCompile(`(?i)^\W*(if|when|unless|otherwise|only|optional(ly)?|alternatively|or|in case|should|on failure|else)\b`)
	shown       = regexp.MustCompile(`(?i)(output|looks? like( this)?|shows?|prints?|returns?|you (will|should) see|for example|e\.g\.|example|response)\W*$`)
)

// toldInline reports whether the text before a piece of code says to run it.
func toldInline(before string) bool {
	before = strings.TrimSpace(before)
	if negative.MatchString(before) || conditional.MatchString(before) || strings.ContainsAny(before, "?") {
		return false
	}
	return before == "" || strings.HasSuffix(before, ":") || imperative.MatchString(before)
}

// toldBlock reports whether a block of code is for running where this text leads to it.
func toldBlock(before string) bool {
	return !negative.MatchString(before) && !conditional.MatchString(before) && !shown.MatchString(before)
}

// other takes blocks that hold others, and tables.
func (p *parser) other(n ast.Node) {
	if table, ok := n.(*east.Table); ok {
		p.flush()
		for row := table.FirstChild(); row != nil; row = row.NextSibling() {
			if _, head := row.(*east.TableHeader); !head {
				p.row(row)
			}
		}
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		p.content(c)
	}
}

// row takes a row of a table as a step.
func (p *parser) row(row ast.Node) {
	step := Step{At: p.start(row)}
	var cells []string
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		if text := p.plain(cell); text != "" {
			cells = append(cells, text)
		}
		step.Code = append(step.Code, p.inline(cell)...)
	}
	if step.Text = strings.Join(cells, " | "); step.Text != "" {
		p.step(step)
	}
}
