package notify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// maxText bounds what a template may make: more than any channel takes.
const maxText = 32 << 10

// Template replaces the standard text of a channel. It makes plain text, which each
// channel escapes: a commit's subject cannot become markup.
type Template struct {
	channel string
	parsed  *template.Template
}

// ParseTemplate reads a text/template over a Message. It knows the members and
// methods of Message, span for durations, join, upper and lower; nothing in it
// reaches outside. Errors name the channel.
func ParseTemplate(channel, text string) (*Template, error) {
	t, err := template.New("template").Option("missingkey=error").Funcs(template.FuncMap{
		"span": Span, "join": strings.Join, "upper": strings.ToUpper, "lower": strings.ToLower,
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", channel, err)
	}
	return &Template{channel: channel, parsed: t}, nil
}

// Apply fills the template in for a message.
func (t *Template) Apply(m Message) (string, error) {
	var b limited
	if err := t.parsed.Execute(&b, m); err != nil {
		return "", fmt.Errorf("channel %s: %w", t.channel, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// limited is a buffer that refuses to grow without end.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxText {
		return 0, errors.New("the text is longer than 32 KiB")
	}
	return l.Buffer.Write(p)
}

// Fill gives a message the text that its channel's template makes of it. A template
// that fails must not silence the channel: the standard text then says so.
func Fill(m Message, c rollout.Channel) Message {
	if c.Template == "" {
		return m
	}
	t, err := ParseTemplate(c.Name, c.Template)
	if err == nil {
		m.Text, err = t.Apply(m)
	}
	if err != nil {
		m.Text = m.Plain() + "\n(its template fails: " + oneLine(err.Error()) + ")"
	}
	return m
}
