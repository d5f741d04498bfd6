// Package page lays Markdown out for a terminal. It is for the commands that show a
// runbook; it knows no colours but those it is given, and never lets a control character of
// the text through.
package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Look is how a page looks.
type Look struct {
	Width                        int
	Heading, Code, Strong, Faint func(string) string
	Dot, Rule                    string // of a list, and of a line across
}

// Render lays a page out.
func Render(markdown string, l Look) string {
	source := []byte(clean(markdown))
	root := goldmark.New(goldmark.WithExtensions(extension.Table, extension.TaskList, extension.Strikethrough, extension.Linkify)).
		Parser().Parse(text.NewReader(source))
	if l.Width < 20 {
		l.Width = 20
	}
	p := &printer{source: source, look: l}
	p.blocks(root, "", "")
	return strings.TrimLeft(p.out.String(), "\n")
}

// clean takes out the characters that would steer a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// printer writes blocks one below the other.
type printer struct {
	source []byte
	look   Look
	out    strings.Builder
}

// blocks writes the blocks in a node. first stands before the first line, rest before the others.
func (p *printer) blocks(n ast.Node, first, rest string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		p.block(c, first, rest)
		first = rest
	}
}

func (p *printer) block(n ast.Node, first, rest string) {
	switch n := n.(type) {
	case *ast.Heading:
		p.gap()
		p.line(first + p.look.Heading(strings.Repeat("#", n.Level)+" "+p.inline(n)))
	case *ast.Paragraph:
		if !tight(n) {
			p.gap()
		}
		p.wrap(p.inline(n), first, rest)
	case *ast.TextBlock:
		p.wrap(p.inline(n), first, rest)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		p.code(n, first, rest)
	case *ast.List:
		p.list(n, rest)
	case *ast.Blockquote:
		p.gap()
		p.blocks(n, rest+p.look.Faint("| "), rest+p.look.Faint("| "))
	case *ast.ThematicBreak:
		p.gap()
		p.line(rest + p.look.Faint(strings.Repeat(p.look.Rule, p.look.Width-ansi.StringWidth(rest))))
	case *east.Table:
		p.table(n, rest)
	case *ast.HTMLBlock, *ast.LinkReferenceDefinition:
	default:
		p.blocks(n, first, rest)
	}
}

// tight reports whether a paragraph begins an item of a list.
func tight(n ast.Node) bool {
	return n.Parent().Kind() == ast.KindListItem && n.PreviousSibling() == nil
}

// gap leaves one empty line, unless there is one.
func (p *printer) gap() {
	if s := p.out.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.out.WriteByte('\n')
	}
}

func (p *printer) line(s string) {
	p.out.WriteString(strings.TrimRight(s, " "))
	p.out.WriteByte('\n')
}

func (p *printer) wrap(s, first, rest string) {
	width := max(p.look.Width-ansi.StringWidth(rest), 20)
	for l := range strings.SplitSeq(ansi.Wordwrap(s, width, ""), "\n") {
		p.line(first + l)
		first = rest
	}
}

func (p *printer) code(n ast.Node, first, rest string) {
	if first == rest {
		p.gap()
	}
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		p.line(first + "    " + p.look.Code(strings.TrimRight(string(s.Value(p.source)), "\r\n")))
		first = rest
	}
	p.out.WriteByte('\n')
}

func (p *printer) list(n *ast.List, rest string) {
	if n.Parent().Kind() != ast.KindListItem {
		p.gap()
	}
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := p.look.Dot + " "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		p.blocks(item, rest+p.look.Faint(mark), rest+strings.Repeat(" ", ansi.StringWidth(mark)))
	}
}

// table writes columns as wide as their widest cell.
func (p *printer) table(n *east.Table, rest string) {
	var rows [][]string
	var width []int
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := p.inline(cell)
			if len(width) == len(cells) {
				width = append(width, 0)
			}
			width[len(cells)] = max(width[len(cells)], ansi.StringWidth(text))
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	p.gap()
	for i, cells := range rows {
		line := rest
		for j, c := range cells {
			if i == 0 {
				c = p.look.Strong(c)
			}
			line += c + strings.Repeat(" ", max(width[j]-ansi.StringWidth(c), 0)+2)
		}
		p.line(line)
	}
}

// inline is the text in a block.
func (p *printer) inline(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		b.WriteString(p.piece(c))
	}
	return b.String()
}

func (p *printer) piece(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		s := string(n.Segment.Value(p.source))
		if n.HardLineBreak() {
			return s + "\n"
		}
		if n.SoftLineBreak() {
			return s + " "
		}
		return s
	case *ast.String:
		return string(n.Value)
	case *ast.CodeSpan:
		return p.look.Code(p.inline(n))
	case *ast.Emphasis:
		if n.Level == 2 {
			return p.look.Strong(p.inline(n))
		}
	case *ast.AutoLink:
		return string(n.URL(p.source))
	case *ast.Link:
		label, to := p.inline(n), string(n.Destination)
		if label == to || strings.HasPrefix(to, "#") {
			return label
		}
		return label + p.look.Faint(" ("+to+")")
	case *east.TaskCheckBox:
		if n.IsChecked {
			return "[x] "
		}
		return "[ ] "
	case *ast.RawHTML:
		return p.raw(n)
	}
	return p.inline(n)
}

// raw keeps what looks like a tag and is a name to be filled in.
func (p *printer) raw(n *ast.RawHTML) string {
	s := ""
	for i := range n.Segments.Len() {
		part := n.Segments.At(i)
		s += string(part.Value(p.source))
	}
	switch strings.ToLower(strings.Trim(s, "</> ")) {
	case "host", "hosts", "version", "previous", "rollout", "environment", "env", "service":
		return s
	case "br":
		return "\n"
	}
	return ""
}
