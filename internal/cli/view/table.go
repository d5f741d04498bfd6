package view

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Table prints rows in columns as wide as their widest cell, under faint headings.
func (t Theme) Table(headings []string, rows [][]string) string {
	width := make([]int, len(headings))
	for i, h := range headings {
		width[i] = ansi.StringWidth(h)
	}
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], ansi.StringWidth(cell))
		}
	}
	var b strings.Builder
	line := func(cells []string, heading bool) {
		text := ""
		for i, cell := range cells {
			if heading {
				cell = t.Faint.Render(cell)
			}
			text += fit(cell, width[i]) + "  "
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line(headings, true)
	for _, r := range rows {
		line(r, false)
	}
	return b.String()
}
