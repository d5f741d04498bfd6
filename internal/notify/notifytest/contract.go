package notifytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Token is the secret that contract servers want. No error, log or journal may hold it.
const Token = "CANARY-s3cr3t-0123456789abcdef"

// strict reads JSON as a vendor that knows these members and no others does.
func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func refuse(format string, args ...any) (int, map[string]string, string, string) {
	return http.StatusBadRequest, nil, `{"error":` + fmt.Sprintf("%q", fmt.Sprintf(format, args...)) + `}`, ""
}

func denied() (int, map[string]string, string, string) {
	return http.StatusUnauthorized, nil, `{"error":"who are you?"}`, ""
}

// HipChatV2 is "Send room notification" of HipChat's API v2.
func HipChatV2(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		return denied()
	}
	if r.Method != http.MethodPost || r.URL.EscapedPath() != "/v2/room/deploys%20here/notification" {
		return http.StatusNotFound, nil, `{"error":{"code":404,"message":"Room not found"}}`, ""
	}
	var m struct {
		From, Color, Message string
		Notify               bool
		Format               string `json:"message_format"`
	}
	if err := strict(body, &m); err != nil {
		return refuse("%v", err)
	}
	if err := hipchat(m.Color, m.Message, m.Format); err != nil || len(m.From) > 64 {
		return refuse("%v", err)
	}
	header := map[string]string{"X-Ratelimit-Limit": "500", "X-Ratelimit-Remaining": "498", "X-FloodControl-Limit": "30", "X-FloodControl-Remaining": "29"}
	return http.StatusNoContent, header, "", text(m.Message)
}

func hipchat(color, message, format string) error {
	switch {
	case !slices.Contains([]string{"yellow", "green", "red", "purple", "gray", "random"}, color):
		return fmt.Errorf("color %q", color)
	case message == "" || len([]rune(message)) > 10000:
		return fmt.Errorf("message of %d", len(message))
	case format != "html" && format != "text":
		return fmt.Errorf("message_format %q", format)
	}
	return onlyTags(message, "b", "/b", "br", "a", "/a", "ul", "/ul", "li", "/li")
}

// onlyTags fails when a text has other tags: what people wrote was not escaped.
func onlyTags(text string, tags ...string) error {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			return nil
		}
		tag, more, ok := strings.Cut(after, ">")
		if name, _, _ := strings.Cut(tag, " "); !ok || !slices.Contains(tags, name) {
			return fmt.Errorf("tag <%s>", tag)
		}
		rest = more
	}
}

// text is HTML as it is read.
func text(s string) string {
	for {
		before, after, ok := strings.Cut(s, "<")
		if !ok {
			return html.UnescapeString(s)
		}
		_, rest, _ := strings.Cut(after, ">")
		s = before + "\n" + rest
	}
}

// HipChatV1 is "rooms/message" of HipChat's API v1.
func HipChatV1(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.URL.Query().Get("auth_token") != Token {
		return denied()
	}
	f, err := url.ParseQuery(string(body))
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/rooms/message":
		return refuse("not a message")
	case f.Get("room_id") == "" || f.Get("from") == "" || len(f.Get("from")) > 15:
		return refuse("room_id or from")
	case f.Get("notify") != "0" && f.Get("notify") != "1":
		return refuse("notify")
	}
	if err := hipchat(f.Get("color"), f.Get("message"), f.Get("message_format")); err != nil {
		return refuse("%v", err)
	}
	return http.StatusOK, nil, `{"status":"sent"}`, text(f.Get("message"))
}

// Teams is a workflow that takes an Adaptive Card.
func Teams(r *http.Request, body []byte) (int, map[string]string, string, string) {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Schema  string `json:"$schema"`
				Type    string
				Version string
				Body    []struct {
					Type, Text, Weight, Color string
					Wrap                      bool
					Facts                     []struct{ Title, Value string }
				}
				Actions []struct{ Type, Title, URL string }
				Msteams struct{ Width string }
			}
		}
	}
	if err := strict(body, &m); err != nil {
		return refuse("%v", err)
	}
	if !strings.Contains(r.URL.Path, Token) {
		return denied()
	}
	if m.Type != "message" || len(m.Attachments) != 1 || len(body) > 28<<10 {
		return refuse("not a message with one card of at most 28 KB")
	}
	card := m.Attachments[0]
	if card.ContentType != "application/vnd.microsoft.card.adaptive" || card.Content.Type != "AdaptiveCard" || card.Content.Version > "1.5" {
		return refuse("not an adaptive card that Teams draws")
	}
	var all []string
	for _, part := range card.Content.Body {
		if part.Type != "TextBlock" && part.Type != "FactSet" {
			return refuse("element %s", part.Type)
		}
		all = append(all, part.Text)
	}
	return http.StatusAccepted, nil, "", unmark(strings.Join(all, "\n"))
}

// unmark is Markdown as it is read, as far as our escapes go.
func unmark(s string) string {
	var b strings.Builder
	escaped := false
	for _, r := range s {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		if r != '\u200b' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

type attachments struct {
	Channel     string
	Username    string
	Alias       string
	Attachments []struct {
		Fallback, Color, Title, Text string
		Link                         string `json:"title_link"`
		Fields                       []struct {
			Title, Value string
			Short        bool
		}
	}
}

// Mattermost is an incoming webhook of Mattermost.
func Mattermost(r *http.Request, body []byte) (int, map[string]string, string, string) {
	return hook(r, body, "ok")
}

// RocketChat is an incoming webhook of Rocket.Chat.
func RocketChat(r *http.Request, body []byte) (int, map[string]string, string, string) {
	return hook(r, body, `{"success":true}`)
}

func hook(r *http.Request, body []byte, answer string) (int, map[string]string, string, string) {
	var m attachments
	if err := strict(body, &m); err != nil {
		return refuse("%v", err)
	}
	if !strings.HasPrefix(r.URL.Path, "/hooks/"+Token) {
		return denied()
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Fallback == "" {
		return refuse("no attachment with a fallback")
	}
	a := m.Attachments[0]
	for _, field := range []string{a.Title, a.Text} {
		if strings.Contains(field, "@channel") || strings.Contains(field, "@here") {
			return refuse("it calls everybody")
		}
	}
	return http.StatusOK, nil, answer, unmark(a.Title + a.Text)
}

// SlackWebhook is an incoming webhook of Slack.
func SlackWebhook(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.URL.Path != "/services/T0/B0/"+Token {
		return http.StatusNotFound, nil, "no_service", ""
	}
	var m struct {
		Text            string
		ReplaceOriginal bool `json:"replace_original"`
		DeleteOriginal  bool `json:"delete_original"`
		Attachments     []slackAttachment
	}
	if err := strict(body, &m); err != nil || m.Text == "" {
		return http.StatusBadRequest, nil, "invalid_payload", ""
	}
	for _, a := range m.Attachments {
		if err := a.valid(); err != nil {
			return http.StatusBadRequest, nil, "invalid_blocks", ""
		}
	}
	return http.StatusOK, nil, "ok", html.UnescapeString(m.Text)
}

type slackText struct {
	Type, Text string
	Emoji      bool
	Verbatim   bool
}

type slackAttachment struct {
	Color    string
	Fallback string
	ID       int
	Blocks   []struct {
		Type     string
		BlockID  string `json:"block_id"`
		Text     *slackText
		Fields   []slackText
		Elements []slackText
	}
}

// valid holds an attachment to the limits of Block Kit.
func (a slackAttachment) valid() error {
	for _, b := range a.Blocks {
		switch {
		case b.Type != "section" && b.Type != "context":
			return fmt.Errorf("block %s", b.Type)
		case len(b.Fields) > 10 || b.Type == "section" && b.Text == nil && len(b.Fields) == 0:
			return fmt.Errorf("a section of %d fields", len(b.Fields))
		case b.Text != nil && (b.Text.Text == "" || len(b.Text.Text) > 3000):
			return fmt.Errorf("a text of %d", len(b.Text.Text))
		}
		for _, f := range append(b.Fields, b.Elements...) {
			if len(f.Text) > 2000 || strings.Contains(f.Text, "<!") {
				return fmt.Errorf("a field of %d", len(f.Text))
			}
		}
	}
	return nil
}

// once remembers keys, for services that know idempotency keys.
type once struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first reports whether a key is new.
func (o *once) first(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	fresh := !o.seen[key]
	o.seen[key] = true
	return fresh
}
