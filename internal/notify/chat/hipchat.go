package chat

import (
	"context"
	"net/url"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// hipchatMost is the longest message that HipChat takes, in letters.
const hipchatMost = 10000

// HipChat tells a room, through version 2 or 1 of the interface.
type HipChat struct {
	Wire   *wire.Client
	URL    string // of the server
	Room   string // name or number
	Token  string
	V1     bool
	Notify string // trouble, always or never: when members' programs ring
	Color  string // empty: by severity
	From   string
}

var _ notify.Notifier = (*HipChat)(nil)

// Send tells the room. HipChat knows no idempotency key: a message whose answer was
// lost is told again.
func (h *HipChat) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	text := m.HTML()
	if len([]rune(text)) > hipchatMost {
		text = "<b>" + notify.Lines(m.Headline) + "</b>" // cut HTML would be broken HTML
	}
	if h.V1 {
		return "", h.v1(ctx, m, text)
	}
	body := struct {
		From    string `json:"from,omitempty"`
		Color   string `json:"color"`
		Message string `json:"message"`
		Notify  bool   `json:"notify"`
		Format  string `json:"message_format"`
	}{notify.Shorten(h.From, 64), h.color(m), text, h.rings(m), "html"}
	to := strings.TrimSuffix(h.URL, "/") + "/v2/room/" + url.PathEscape(h.Room) + "/notification"
	_, err := h.Wire.Post(ctx, to, map[string]string{"Authorization": "Bearer " + h.Token}, body)
	return "", err
}

// v1 is the old interface: a form, and the token in the address.
func (h *HipChat) v1(ctx context.Context, m notify.Message, text string) error {
	form := url.Values{
		"room_id": {h.Room}, "from": {sender(h.From)}, "message": {text},
		"message_format": {"html"}, "color": {h.color(m)}, "notify": {"0"}, "format": {"json"},
	}
	if h.rings(m) {
		form.Set("notify", "1")
	}
	to := strings.TrimSuffix(h.URL, "/") + "/v1/rooms/message?" + url.Values{"auth_token": {h.Token}}.Encode()
	_, err := h.Wire.Do(ctx, wire.Request{URL: to, Type: "application/x-www-form-urlencoded", Body: []byte(form.Encode())})
	return err
}

// sender is a name as version 1 takes it: up to 15 letters, digits, dashes, underscores
// and spaces.
func sender(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == ' ':
			return r
		}
		return '_'
	}, name)
	return name[:min(len(name), 15)]
}

func (h *HipChat) rings(m notify.Message) bool {
	switch h.Notify {
	case "always":
		return true
	case "never":
		return false
	}
	return m.Severity == notify.Warning || m.Severity == notify.Bad
}

func (h *HipChat) color(m notify.Message) string {
	if h.Color != "" {
		return h.Color
	}
	switch m.Severity {
	case notify.Good:
		return "green"
	case notify.Warning:
		return "yellow"
	case notify.Bad:
		return "red"
	}
	return "gray"
}
