package chat

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Discord tells a channel of Discord through a webhook.
type Discord struct {
	Wire    *wire.Client
	Webhook string
}

var _ notify.Notifier = (*Discord)(nil)

type embed struct {
	Title       string       `json:"title,omitempty"`
	URL         string       `json:"url,omitempty"`
	Description string       `json:"description,omitempty"`
	Color       int          `json:"color"`
	Timestamp   string       `json:"timestamp"`
	Fields      []embedField `json:"fields,omitempty"`
}

type embedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline"`
}

// Send tells the channel. A webhook knows no idempotency key. It waits for the message
// to be kept, or an error of Discord would go unseen, and lets it call nobody.
func (d *Discord) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	var body struct {
		Username string  `json:"username"`
		Embeds   []embed `json:"embeds"`
		Mentions struct {
			Parse []string `json:"parse"`
		} `json:"allowed_mentions"`
	}
	body.Username, body.Mentions.Parse, body.Embeds = "slipway", []string{}, []embed{embedded(m)}
	to := d.Webhook + "?wait=true"
	if strings.Contains(d.Webhook, "?") {
		to = d.Webhook + "&wait=true"
	}
	answer, err := d.Wire.Post(ctx, to, nil, body)
	if err != nil {
		return "", err
	}
	var message struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &message) != nil {
		return "", nil // it was sent; what it is called matters little
	}
	return message.ID, nil
}

func embedded(m notify.Message) embed {
	e := embed{Color: rgb(m.Severity), Timestamp: m.At.UTC().Format(time.RFC3339)}
	if m.Text != "" {
		e.Description = notify.Shorten(notify.EscapeMarkdown(m.Text), 4000)
		return e
	}
	e.Title, e.URL = notify.Shorten(notify.EscapeMarkdown(m.Headline), 256), m.Link
	if len([]rune(notify.EscapeMarkdown(m.Headline))) > 256 {
		e.Description = notify.EscapeMarkdown(m.Headline) // why it failed must not be cut
	}
	for _, f := range m.Facts() {
		e.Fields = append(e.Fields, embedField{f.Name, notify.Shorten(notify.EscapeMarkdown(f.Value), 1000), true})
	}
	for _, c := range m.Commits() {
		e.Description += "\n- " + notify.EscapeMarkdown(c)
	}
	e.Description = strings.TrimPrefix(e.Description, "\n")
	return e
}
