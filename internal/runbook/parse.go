package runbook

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// largest is how long a runbook may be: a page that a person reads is shorter.
const largest = 1 << 20

// Parse reads a runbook. name is how messages call it. Any Markdown is one; what it lacks
// is for Lint to say.
func Parse(name string, data []byte) (*Document, error) {
	switch {
	case len(data) > largest:
		return nil, fmt.Errorf("%s: it has %d bytes, and a runbook can have %d: move the long parts to files that it links to", name, len(data), largest)
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return nil, fmt.Errorf("%s: it is not text in UTF-8: save it as that", name)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fmt.Errorf("%s: %w: slipway runbook new writes one", name, ErrEmpty)
	}
	if regexp.MustCompile(`(?m)^([ \t]*>){100}`).Match(data) {
		return nil, fmt.Errorf("%s: quotes are nested a hundred deep: that is no runbook", name)
	}
	source := hideFrontMatter(data)
	root := goldmark.New(goldmark.WithExtensions(extension.Table, extension.TaskList, extension.Linkify, extension.Strikethrough)).
		Parser().Parse(text.NewReader(source))
	p := &parser{source: source, lines: newLines(source), doc: &Document{File: name, source: data}}
	p.open("", 0, 0, 0)
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		p.block(n)
	}
	p.close(len(source))
	p.rest(root)
	assign(p.doc.Sections)
	return p.doc, nil
}

// ErrEmpty says that there is nothing in the file.
var ErrEmpty = errors.New("it is empty")

// hideFrontMatter blanks out what tools put before the first line of Markdown, so that
// every byte stays where it is.
func hideFrontMatter(data []byte) []byte {
	out := bytes.Clone(data)
	if bytes.HasPrefix(out, []byte("\xef\xbb\xbf")) {
		copy(out, "   ")
	}
	found := regexp.MustCompile(`(?s)\A\s*(---|\+\+\+)[ \t]*\r?\n.*?\n(---|\+\+\+|\.\.\.)[ \t]*(\r?\n|\z)`).FindSubmatchIndex(out)
	if found == nil || !regexp.MustCompile(`(?m)^[A-Za-z_][\w-]*\s*[:=]`).Match(out[:found[1]]) {
		return out
	}
	for i := range out[:found[1]] {
		if out[i] != '\n' && out[i] != '\r' {
			out[i] = ' '
		}
	}
	return out
}

// lines tells positions.
type lines struct {
	source []byte
	starts []int
}

func newLines(source []byte) lines {
	l := lines{source: source, starts: []int{0}}
	for i, c := range source {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// position is the line and the column of a byte.
func (l lines) position(offset int) Position {
	offset = min(max(offset, 0), len(l.source))
	n, exact := slices.BinarySearch(l.starts, offset)
	if !exact {
		n--
	}
	return Position{Line: n + 1, Column: utf8.RuneCount(l.source[l.starts[n]:offset]) + 1}
}

// first is the first byte of the line that a byte is on.
func (l lines) first(offset int) int {
	offset = min(max(offset, 0), len(l.source))
	return bytes.LastIndexByte(l.source[:offset], '\n') + 1
}

// parser goes through the blocks of a file, in order.
type parser struct {
	source []byte
	lines  lines
	doc    *Document

	pending *Step  // a paragraph that may belong to the code that follows it
	prose   []Step // paragraphs of the section at hand, its steps when it has no others
}

// open begins a section.
func (p *parser) open(title string, level, start, at int) {
	parent := len(p.doc.Sections) - 1
	for parent >= 0 && p.doc.Sections[parent].Level >= level {
		parent = p.doc.Sections[parent].Parent
	}
	if parent == 0 && level > 0 {
		parent = -1 // what is before the first heading holds no others
	}
	p.doc.Sections = append(p.doc.Sections, Section{Title: title, Level: level, At: p.lines.position(at), Empty: true, Parent: parent, start: start})
}

// close ends the section at hand.
func (p *parser) close(end int) {
	p.flush()
	s := p.section()
	s.end = max(end, s.start)
	if len(s.Steps) == 0 {
		s.Steps = p.prose
	}
	p.prose = nil
}

func (p *parser) section() *Section { return &p.doc.Sections[len(p.doc.Sections)-1] }

// flush lets a paragraph stand alone. It is a step when its text says to run something.
func (p *parser) flush() {
	if p.pending == nil {
		return
	}
	step := *p.pending
	p.pending = nil
	if slices.ContainsFunc(step.Code, func(c Code) bool { return c.Told }) {
		p.step(step)
		return
	}
	p.prose = append(p.prose, step)
}

func (p *parser) step(s Step) {
	p.section().Steps = append(p.section().Steps, s)
}

// block takes one block of the file.
func (p *parser) block(n ast.Node) {
	if h, ok := p.heading(n); ok {
		p.close(p.lines.first(h.at))
		p.open(h.title, h.level, p.lines.first(h.at), h.at)
		return
	}
	if html, ok := n.(*ast.HTMLBlock); ok {
		p.html(html)
		return
	}
	if n.Kind() != ast.KindThematicBreak && n.Kind() != ast.KindLinkReferenceDefinition {
		p.section().Empty = false
	}
	p.content(n)
}

// content takes a block that is no heading.
func (p *parser) content(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
		p.flush()
		p.pending = &Step{Text: p.plain(n), At: p.start(n), Code: p.inline(n)}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		p.code(n)
	case *ast.List:
		p.list(n)
	case *ast.HTMLBlock:
		p.html(n)
	default:
		p.other(n)
	}
}

// code takes a block of code: a step with the paragraph before it.
func (p *parser) code(n ast.Node) {
	step := Step{At: p.start(n)}
	if p.pending != nil {
		step = *p.pending
	}
	c, ok := p.codeBlock(n, step.Text)
	if !ok {
		return
	}
	p.pending = nil
	step.Code = append(step.Code, c)
	p.step(step)
}

// list takes each item of a list as a step.
func (p *parser) list(list *ast.List) {
	p.flush()
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		p.item(item)
	}
}

// item takes one item: what it says and the code in it are a step, lists in it are more.
func (p *parser) item(item ast.Node) {
	step := Step{At: p.start(item)}
	var inner []*ast.List
	for n := item.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.List:
			inner = append(inner, n)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			if c, ok := p.codeBlock(n, step.Text); ok {
				step.Code = append(step.Code, c)
			}
		default:
			step.Text = joined(step.Text, p.plain(n))
			step.Code = append(step.Code, p.inline(n)...)
		}
	}
	if step.Text != "" || len(step.Code) > 0 {
		p.step(step)
	}
	for _, l := range inner {
		p.list(l)
	}
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
