package chat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Zulip tells a topic of a stream, as a bot.
type Zulip struct {
	Wire   *wire.Client
	URL    string // of the server
	User   string // the bot's e-mail address
	Key    string
	Stream string
	Topic  string // {{service}} and {{environment}} are filled in
}

var _ notify.Notifier = (*Zulip)(nil)

// Send tells the topic. Zulip knows no idempotency key.
func (z *Zulip) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	topic := strings.NewReplacer("{{service}}", m.Service, "{{environment}}", m.Environment).Replace(z.Topic)
	form := url.Values{
		"type": {"stream"}, "to": {z.Stream}, "topic": {notify.Shorten(topic, 60)},
		"content": {notify.Shorten(m.Markdown(), 10000)},
	}
	body, err := z.Wire.Do(ctx, wire.Request{
		URL:  strings.TrimSuffix(z.URL, "/") + "/api/v1/messages",
		Type: "application/x-www-form-urlencoded", Body: []byte(form.Encode()),
		Header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(z.User+":"+z.Key))},
	})
	if err != nil {
		return "", err
	}
	var answer struct {
		ID json.Number `json:"id"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", nil // it was sent; what it is called matters little
	}
	return answer.ID.String(), nil
}
