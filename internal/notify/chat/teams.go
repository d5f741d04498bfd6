package chat

import (
	"context"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Teams tells a channel of Microsoft Teams: a workflow that posts what its webhook is
// sent, or an old incoming webhook. Both take an Adaptive Card.
type Teams struct {
	Wire    *wire.Client
	Webhook string
}

var _ notify.Notifier = (*Teams)(nil)

type card struct {
	Schema  string       `json:"$schema"`
	Type    string       `json:"type"`
	Version string       `json:"version"`
	Body    []cardPart   `json:"body"`
	Actions []cardAction `json:"actions,omitempty"`
	Teams   struct {
		Width string `json:"width"`
	} `json:"msteams"`
}

type cardPart struct {
	Type   string     `json:"type"`
	Text   string     `json:"text,omitempty"`
	Weight string     `json:"weight,omitempty"`
	Color  string     `json:"color,omitempty"`
	Wrap   bool       `json:"wrap,omitempty"`
	Facts  []cardFact `json:"facts,omitempty"`
}

type cardFact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

type cardAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

type cardMessage struct {
	Type        string     `json:"type"`
	Attachments []cardFile `json:"attachments"`
}

type cardFile struct {
	Type    string `json:"contentType"`
	Content card   `json:"content"`
}

// Send tells the channel. A webhook knows no idempotency key.
func (t *Teams) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	_, err := t.Wire.Post(ctx, t.Webhook, nil, cardMessage{
		Type:        "message",
		Attachments: []cardFile{{Type: "application/vnd.microsoft.card.adaptive", Content: adaptive(m)}},
	})
	return "", err
}

// adaptive is a message as a card of version 1.4, which is what Teams draws.
func adaptive(m notify.Message) card {
	c := card{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	c.Teams.Width = "Full"
	if m.Text != "" {
		c.Body = []cardPart{{Type: "TextBlock", Text: cardText(m.Text), Wrap: true}}
		return c
	}
	c.Body = []cardPart{{Type: "TextBlock", Text: cardText(m.Headline), Weight: "Bolder", Color: cardColor(m.Severity), Wrap: true}}
	var facts []cardFact
	for _, f := range m.Facts() {
		facts = append(facts, cardFact{f.Name, cardText(f.Value)})
	}
	if len(facts) > 0 {
		c.Body = append(c.Body, cardPart{Type: "FactSet", Facts: facts})
	}
	if commits := m.Commits(); len(commits) > 0 {
		c.Body = append(c.Body, cardPart{Type: "TextBlock", Text: "- " + strings.ReplaceAll(notify.EscapeMarkdown(strings.Join(commits, "\n")), "\n", "\r- "), Wrap: true})
	}
	if m.Link != "" {
		c.Actions = []cardAction{{"Action.OpenUrl", "look at the rollout", m.Link}}
	}
	return c
}

// cardText is plain text in a card, which reads a little Markdown and needs two line
// ends for one.
func cardText(text string) string {
	return strings.ReplaceAll(notify.EscapeMarkdown(text), "\n", "\n\n")
}

func cardColor(s notify.Severity) string {
	switch s {
	case notify.Good:
		return "Good"
	case notify.Warning:
		return "Warning"
	case notify.Bad:
		return "Attention"
	}
	return "Default"
}
