package chat

import (
	"context"
	"encoding/json"
	"html"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Telegram tells a chat, as a bot.
type Telegram struct {
	Wire  *wire.Client
	URL   string // of the API
	Token string
	Chat  string // id, or @name
}

var _ notify.Notifier = (*Telegram)(nil)

// Send tells the chat. Telegram knows no idempotency key. Its token is a part of the
// address, which no error shows.
func (t *Telegram) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	answer, err := t.Wire.Post(ctx, strings.TrimSuffix(t.URL, "/")+"/bot"+t.Token+"/sendMessage", nil, struct {
		Chat    string `json:"chat_id"`
		Text    string `json:"text"`
		Mode    string `json:"parse_mode"`
		Silent  bool   `json:"disable_notification"`
		Preview struct {
			Off bool `json:"is_disabled"`
		} `json:"link_preview_options"`
	}{Chat: t.Chat, Text: telegramText(m), Mode: "HTML", Silent: m.Severity == notify.Info, Preview: struct {
		Off bool `json:"is_disabled"`
	}{true}})
	if err != nil {
		return "", err
	}
	var message struct {
		Result struct {
			ID json.Number `json:"message_id"`
		} `json:"result"`
	}
	if json.Unmarshal(answer, &message) != nil {
		return "", nil // it was sent; what it is called matters little
	}
	return message.Result.ID.String(), nil
}

// telegramText is the message in the tags that Telegram knows, which has no lists and
// no br. It takes 4096 letters.
func telegramText(m notify.Message) string {
	if m.Text != "" {
		return html.EscapeString(notify.Shorten(m.Text, 3500))
	}
	first, rest, _ := strings.Cut(m.Plain(), "\n")
	text := "<b>" + html.EscapeString(first) + "</b>"
	if rest != "" {
		text += "\n" + html.EscapeString(rest)
	}
	return text
}
