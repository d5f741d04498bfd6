package notify

import (
	"html"
	"strings"
)

// Plain is the message as plain text: the headline, and a few lines under it.
func (m Message) Plain() string {
	if m.Text != "" {
		return m.Text
	}
	lines := []string{m.Headline}
	if d := m.Detail(); d != "" {
		lines = append(lines, d)
	}
	for _, c := range m.Commits() {
		lines = append(lines, "  "+c)
	}
	if m.Link != "" {
		lines = append(lines, m.Link)
	}
	return strings.Join(lines, "\n")
}

// Detail is the facts in one line.
func (m Message) Detail() string {
	var parts []string
	for _, f := range m.Facts() {
		parts = append(parts, f.Name+" "+f.Value)
	}
	return strings.Join(parts, " · ")
}

// HTML is the message in the few tags that every chat shows: b, a, br, ul, li, code.
// Whatever people wrote is escaped.
func (m Message) HTML() string {
	if m.Text != "" {
		return Lines(m.Text)
	}
	var b strings.Builder
	b.WriteString("<b>" + html.EscapeString(m.Headline) + "</b>")
	if d := m.Detail(); d != "" {
		b.WriteString("<br>" + html.EscapeString(d))
	}
	if commits := m.Commits(); len(commits) > 0 {
		b.WriteString("<ul>")
		for _, c := range commits {
			b.WriteString("<li>" + html.EscapeString(c) + "</li>")
		}
		b.WriteString("</ul>")
	} else if m.Link != "" {
		b.WriteString("<br>")
	}
	if m.Link != "" {
		b.WriteString(`<a href="` + html.EscapeString(m.Link) + `">look at the rollout</a>`)
	}
	return b.String()
}

// Lines is plain text as HTML.
func Lines(text string) string {
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
}

// Markdown is the message as common Markdown. Whatever people wrote is escaped, so
// that a commit's subject cannot draw, link, or call everybody.
func (m Message) Markdown() string {
	if m.Text != "" {
		return EscapeMarkdown(m.Text)
	}
	lines := []string{"**" + EscapeMarkdown(m.Headline) + "**"}
	if d := m.Detail(); d != "" {
		lines = append(lines, EscapeMarkdown(d))
	}
	for _, c := range m.Commits() {
		lines = append(lines, "- "+EscapeMarkdown(c))
	}
	if m.Link != "" {
		lines = append(lines, "", "[look at the rollout](<"+m.Link+">)")
	}
	return strings.Join(lines, "\n")
}

// markdown escapes what Markdown reads. A zero-width space after an @ keeps services
// from calling everybody on a channel, which no escape of Markdown's does.
var markdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`,
	"~", `\~`, "|", `\|`, "#", `\#`, "@", "@\u200b",
)

// EscapeMarkdown makes plain text mean itself in Markdown.
func EscapeMarkdown(text string) string { return markdown.Replace(text) }
