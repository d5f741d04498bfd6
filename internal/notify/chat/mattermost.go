package chat

import (
	"context"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Mattermost tells a channel of Mattermost or Rocket.Chat through an incoming webhook.
type Mattermost struct {
	Wire     *wire.Client
	Webhook  string
	Channel  string // empty: the webhook's
	Username string
}

var _ notify.Notifier = (*Mattermost)(nil)

type attachment struct {
	Fallback string            `json:"fallback"`
	Color    string            `json:"color"`
	Title    string            `json:"title,omitempty"`
	Link     string            `json:"title_link,omitempty"`
	Text     string            `json:"text,omitempty"`
	Fields   []attachmentField `json:"fields,omitempty"`
}

type attachmentField struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

// Send tells the channel. A webhook knows no idempotency key.
func (w *Mattermost) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	_, err := w.Wire.Post(ctx, w.Webhook, nil, struct {
		Channel     string       `json:"channel,omitempty"`
		Username    string       `json:"username,omitempty"`
		Attachments []attachment `json:"attachments"`
	}{strings.TrimPrefix(w.Channel, "#"), w.Username, []attachment{attached(m)}})
	return "", err
}

// RocketChat tells a channel of Rocket.Chat through an incoming webhook.
type RocketChat struct {
	Wire    *wire.Client
	Webhook string
	Channel string // empty: the webhook's
}

var _ notify.Notifier = (*RocketChat)(nil)

// Send tells the channel. A webhook knows no idempotency key.
func (w *RocketChat) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	_, err := w.Wire.Post(ctx, w.Webhook, nil, struct {
		Channel     string       `json:"channel,omitempty"`
		Alias       string       `json:"alias"`
		Attachments []attachment `json:"attachments"`
	}{w.Channel, "slipway", []attachment{attached(m)}})
	return "", err
}

// attached is a message under a coloured bar.
func attached(m notify.Message) attachment {
	a := attachment{Fallback: m.Headline, Color: shade(m.Severity)}
	if m.Text != "" {
		a.Text = notify.EscapeMarkdown(m.Text)
		return a
	}
	a.Title, a.Link = notify.EscapeMarkdown(m.Headline), m.Link
	for _, f := range m.Facts() {
		a.Fields = append(a.Fields, attachmentField{f.Name, notify.EscapeMarkdown(f.Value), true})
	}
	for i, c := range m.Commits() {
		if i > 0 {
			a.Text += "\n"
		}
		a.Text += "- " + notify.EscapeMarkdown(c)
	}
	return a
}
