package runbook

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// mark is a word that says that something is not written yet.
type mark struct {
	text string
	at   Position
}

// unfinished finds such words in text. TODO and XXX count only where they are said of the
// page: people also keep lists of that name.
var unfinished = regexp.MustCompile(`(?:^|[\s(\[*_|>:])((?:TODO|FIXME|XXX)(?:[:(\]]|\s*$|\s+-)|\[(?:TODO|TBD|FIXME)\]|(?:^|\s)(?:TODO|FIXME)\s+(?:add|write|fill|document|describe|update|link|check|ask|confirm)\b|TBD\b|T\.B\.D\.|CHANGE[-_ ]?ME\b|(?i:lorem ipsum)|\[(?i:insert|your|add|fill in)[ -][^\]]*\]|(?i:<(?:insert|your|fill[ -]in|add)[ _-][^>]*>))`)

// commented finds them in the comments of code.
var commented = regexp.MustCompile(`(?m)(?:^|\s)(?:#|//)\s*((?:TODO|FIXME|XXX)\b)`)

// rest collects what is not bound to steps: links and words that say that something is missing.
func (p *parser) rest(root ast.Node) {
	// The visitor returns no error.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			p.link(string(n.Destination), n, false)
		case *ast.Image:
			p.link(string(n.Destination), n, true)
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				p.link(string(n.URL(p.source)), n, false)
			}
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				s := n.Segments.At(i)
				p.comments(string(s.Value(p.source)))
			}
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading, *east.TableCell:
			p.unfinishedText(n)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			if l := p.language(n); l == "" || slices.Contains(shellLanguages(), l) {
				p.unfinishedCode(n)
			}
		}
		return ast.WalkContinue, nil
	})
}

func (p *parser) link(to string, n ast.Node, image bool) {
	p.doc.Links = append(p.doc.Links, Link{To: to, At: p.start(n), Image: image})
}

// unfinishedText looks at the text of a block, without the code in it.
func (p *parser) unfinishedText(n ast.Node) {
	var texts []*ast.Text
	var b strings.Builder
	var starts []int
	collect(n, p.source, &texts)
	for _, t := range texts {
		starts = append(starts, b.Len())
		b.Write(t.Segment.Value(p.source))
		if t.SoftLineBreak() {
			b.WriteByte('\n')
		}
	}
	for _, m := range unfinished.FindAllStringSubmatchIndex(b.String(), -1) {
		for i := len(texts) - 1; i >= 0; i-- {
			if starts[i] <= m[2] {
				p.doc.marks = append(p.doc.marks, mark{strings.Trim(b.String()[m[2]:m[3]], " \n:(-"), p.lines.position(texts[i].Segment.Start + m[2] - starts[i])})
				break
			}
		}
	}
}

// collect lists the pieces of text below a node, but for code.
func collect(n ast.Node, source []byte, texts *[]*ast.Text) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.CodeSpan:
		case *ast.Text:
			*texts = append(*texts, c)
		default:
			if c.Type() == ast.TypeInline {
				collect(c, source, texts)
			}
		}
	}
}

func (p *parser) unfinishedCode(n ast.Node) {
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		for _, m := range commented.FindAllStringSubmatchIndex(string(s.Value(p.source)), -1) {
			p.doc.marks = append(p.doc.marks, mark{string(s.Value(p.source)[m[2]:m[3]]), p.lines.position(s.Start + m[2])})
		}
	}
}
