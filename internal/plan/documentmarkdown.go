package plan

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Markdown writes the document as Markdown.
func (d *Document) Markdown(w io.Writer) error {
	var b bytes.Buffer
	s := d.sheet()
	fmt.Fprintf(&b, "# %s\n", marked(s.Title))
	for _, warning := range s.Warnings {
		fmt.Fprintf(&b, "\n> **Mind:** %s\n", marked(warning))
	}
	for _, c := range s.Chapters {
		fmt.Fprintf(&b, "\n## %s\n", marked(c.Title))
		for _, bl := range c.Blocks {
			b.WriteString("\n")
			bl.markdown(&b)
		}
	}
	fmt.Fprintf(&b, "\n---\n\n%s\n", marked(s.Foot))
	_, err := w.Write(b.Bytes())
	return err
}

func (bl block) markdown(b *bytes.Buffer) {
	switch bl.Kind {
	case "say":
		b.WriteString(bl.Say.markdown() + "\n")
	case "code":
		fence := "```"
		for strings.Contains(bl.Code, fence) {
			fence += "`"
		}
		fmt.Fprintf(b, "%ssh\n%s\n%s\n", fence, bl.Code, fence)
	case "list":
		for _, row := range bl.Rows {
			fmt.Fprintf(b, "- %s\n", row[0].markdown())
		}
	case "facts":
		b.WriteString("| | |\n|---|---|\n")
		bl.rows(b)
	case "table":
		b.WriteString("| " + strings.Join(bl.Head, " | ") + " |\n" + strings.Repeat("|---", len(bl.Head)) + "|\n")
		bl.rows(b)
	}
}

func (bl block) rows(b *bytes.Buffer) {
	for _, row := range bl.Rows {
		for _, s := range row {
			b.WriteString("| " + s.markdown() + " ")
		}
		b.WriteString("|\n")
	}
}

func (s span) markdown() string {
	text := marked(s.Text)
	if s.Code && !strings.Contains(s.Text, "`") {
		text = "`" + strings.ReplaceAll(s.Text, "|", `\|`) + "`"
	}
	if (s.Tone == bad || s.Tone == warn) && text != "" {
		text = "**" + text + "**"
	}
	if s.Link != "" && safeLink(s.Link) {
		return "[" + text + "](<" + s.Link + ">)"
	}
	return text
}

// safeLink reports whether an address is one of the web that breaks no markup.
func safeLink(address string) bool {
	return regexp.MustCompile(`^https?://[^\s<>"'|\x00-\x1f]+$`).MatchString(address)
}

// marked escapes what Markdown would take for its own, in one line.
func marked(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return regexp.MustCompile("[\\\\`*_{}\\[\\]<>|~&]|^[#>+-]").ReplaceAllString(s, `\$0`)
}
