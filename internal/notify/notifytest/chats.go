package notifytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Zulip is "send a message" of Zulip.
func Zulip(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if user, key, ok := r.BasicAuth(); !ok || user != "bot@zulip.example" || key != Token {
		return denied()
	}
	f, err := url.ParseQuery(string(body))
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/v1/messages":
		return refuse("not a message")
	case f.Get("type") != "stream" || f.Get("to") == "" || f.Get("topic") == "" || len([]rune(f.Get("topic"))) > 60:
		return refuse("type, to or topic")
	case f.Get("content") == "" || len([]rune(f.Get("content"))) > 10000:
		return refuse("content")
	}
	return http.StatusOK, nil, `{"id":42,"msg":"","result":"success"}`, unmark(f.Get("content"))
}

// Discord is "execute webhook" of Discord.
func Discord(r *http.Request, body []byte) (int, map[string]string, string, string) {
	var m struct {
		Username string
		Embeds   []struct {
			Title, URL, Description, Timestamp string
			Color                              int
			Fields                             []struct {
				Name, Value string
				Inline      bool
			}
		}
		Mentions *struct{ Parse []string } `json:"allowed_mentions"`
	}
	if err := strict(body, &m); err != nil {
		return refuse("%v", err)
	}
	if r.URL.Path != "/api/webhooks/1/"+Token {
		return denied()
	}
	if r.URL.Query().Get("wait") != "true" || m.Mentions == nil || len(m.Mentions.Parse) > 0 || len(m.Embeds) != 1 {
		return refuse("not one message that calls nobody")
	}
	e := m.Embeds[0]
	if len([]rune(e.Title)) > 256 || len([]rune(e.Description)) > 4096 || len(e.Fields) > 25 || e.Title+e.Description == "" {
		return refuse("an embed beyond its limits")
	}
	for _, f := range e.Fields {
		if f.Name == "" || f.Value == "" || len([]rune(f.Value)) > 1024 {
			return refuse("a field beyond its limits")
		}
	}
	return http.StatusOK, map[string]string{"Content-Type": "application/json"}, `{"id":"1100"}`, unmark(e.Title + "\n" + e.Description)
}

// Telegram is sendMessage of Telegram's bots.
func Telegram(r *http.Request, body []byte) (int, map[string]string, string, string) {
	if r.URL.Path != "/bot"+Token+"/sendMessage" {
		return http.StatusNotFound, nil, `{"ok":false,"error_code":404,"description":"Not Found"}`, ""
	}
	var m struct {
		Chat    string `json:"chat_id"`
		Text    string
		Mode    string `json:"parse_mode"`
		Silent  bool   `json:"disable_notification"`
		Preview struct {
			Off bool `json:"is_disabled"`
		} `json:"link_preview_options"`
	}
	if err := strict(body, &m); err != nil || m.Chat == "" || m.Mode != "HTML" {
		return refuse("%v", err)
	}
	if err := onlyTags(m.Text, "b", "/b"); err != nil || len([]rune(m.Text)) > 4096 {
		return refuse("can't parse entities: %v", err)
	}
	return http.StatusOK, nil, `{"ok":true,"result":{"message_id":7}}`, text(m.Text)
}

// Matrix is "send a message event" of Matrix, which keeps one event of a transaction.
func Matrix() Contract {
	var known once
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			return http.StatusUnauthorized, nil, `{"errcode":"M_UNKNOWN_TOKEN","error":"who are you?"}`, ""
		}
		txn, ok := strings.CutPrefix(r.URL.EscapedPath(), "/_matrix/client/v3/rooms/%21deploys:matrix.example/send/m.room.message/")
		if !ok || r.Method != http.MethodPut || txn == "" {
			return http.StatusNotFound, nil, `{"errcode":"M_UNRECOGNIZED"}`, ""
		}
		var m struct {
			Type   string `json:"msgtype"`
			Body   string
			Format string
			HTML   string `json:"formatted_body"`
		}
		if err := strict(body, &m); err != nil || m.Type != "m.notice" || m.Body == "" || m.Format != "org.matrix.custom.html" {
			return http.StatusBadRequest, nil, `{"errcode":"M_BAD_JSON"}`, ""
		}
		told := ""
		if known.first(txn) {
			told = m.Body
		}
		return http.StatusOK, nil, `{"event_id":"$` + txn + `"}`, told
	}
}

// Webhook is a receiver as our documents tell people to write one.
func Webhook() Contract {
	var known once
	return func(r *http.Request, body []byte) (int, map[string]string, string, string) {
		mac := hmac.New(sha256.New, []byte(Token))
		fmt.Fprintf(mac, "%s.%s", r.Header.Get("X-Slipway-Timestamp"), body)
		if r.Header.Get("X-Slipway-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
			return denied()
		}
		var m struct{ Key, Headline, Plain string }
		if err := json.Unmarshal(body, &m); err != nil || m.Key == "" || m.Plain == "" || m.Key != r.Header.Get("Idempotency-Key") {
			return refuse("%v", err)
		}
		if !known.first(m.Key) {
			return http.StatusOK, nil, "known", ""
		}
		return http.StatusOK, nil, "", m.Headline
	}
}

// SlackAPI is as much of Slack as a bot with chat:write and channels:history sees.
type SlackAPI struct {
	mu       sync.Mutex
	Messages []SlackMessage
}

// SlackMessage is a message in the channel, or in a thread.
type SlackMessage struct {
	TS          string            `json:"ts"`
	Thread      string            `json:"thread_ts,omitempty"`
	Text        string            `json:"text"`
	Attachments []slackAttachment `json:"-"`
	Raw         json.RawMessage   `json:"attachments"`
	Metadata    json.RawMessage   `json:"metadata"`
	Updates     int               `json:"-"`
}

// All returns the messages as they are now.
func (s *SlackAPI) All() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SlackMessage(nil), s.Messages...)
}

// Handle is its contract. A message that is posted is accepted; an update is not one.
func (s *SlackAPI) Handle(r *http.Request, body []byte) (int, map[string]string, string, string) {
	f, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse("%v", err)
	}
	for k, v := range r.URL.Query() {
		f[k] = v
	}
	if f.Get("token") != Token && r.Header.Get("Authorization") != "Bearer "+Token {
		return http.StatusOK, nil, `{"ok":false,"error":"invalid_auth"}`, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	typed := map[string]string{"Content-Type": "application/json"}
	switch r.URL.Path {
	case "/api/auth.test":
		return http.StatusOK, typed, `{"ok":true,"user_id":"U1","team_id":"T1"}`, ""
	case "/api/chat.postMessage":
		answer, told := s.post(f)
		return http.StatusOK, typed, answer, told
	case "/api/chat.update":
		return http.StatusOK, typed, s.update(f), ""
	case "/api/conversations.history":
		return http.StatusOK, typed, s.list(func(m SlackMessage) bool { return m.Thread == "" }, f), ""
	case "/api/conversations.replies":
		return http.StatusOK, typed, s.list(func(m SlackMessage) bool { return m.TS == f.Get("ts") || m.Thread == f.Get("ts") }, f), ""
	}
	return http.StatusOK, typed, `{"ok":false,"error":"unknown_method"}`, ""
}

func (s *SlackAPI) read(f url.Values) (SlackMessage, string) {
	m := SlackMessage{Thread: f.Get("thread_ts"), Text: f.Get("text"), Raw: []byte(f.Get("attachments")), Metadata: []byte(f.Get("metadata"))}
	if m.Text == "" || strict(m.Raw, &m.Attachments) != nil || !json.Valid(m.Metadata) {
		return m, "invalid_arguments"
	}
	for _, a := range m.Attachments {
		if a.valid() != nil {
			return m, "invalid_blocks"
		}
	}
	return m, ""
}

func (s *SlackAPI) post(f url.Values) (answer, told string) {
	m, wrong := s.read(f)
	if f.Get("channel") != "#deploys" && f.Get("channel") != "C024BE91L" {
		wrong = "channel_not_found"
	}
	if wrong != "" {
		return `{"ok":false,"error":"` + wrong + `"}`, ""
	}
	m.TS = fmt.Sprintf("17646%05d.000100", len(s.Messages))
	s.Messages = append(s.Messages, m)
	return `{"ok":true,"channel":"C024BE91L","ts":"` + m.TS + `"}`, html.UnescapeString(m.Text)
}

func (s *SlackAPI) update(f url.Values) string {
	m, wrong := s.read(f)
	for i, old := range s.Messages {
		if wrong == "" && old.TS == f.Get("ts") && f.Get("channel") == "C024BE91L" {
			m.TS, m.Thread, m.Updates = old.TS, old.Thread, old.Updates+1
			s.Messages[i] = m
			return `{"ok":true,"channel":"C024BE91L","ts":"` + m.TS + `"}`
		}
	}
	return `{"ok":false,"error":"message_not_found"}`
}

func (s *SlackAPI) list(take func(SlackMessage) bool, f url.Values) string {
	if f.Get("channel") != "C024BE91L" {
		return `{"ok":false,"error":"channel_not_found"}`
	}
	answer := struct {
		OK       bool           `json:"ok"`
		Messages []SlackMessage `json:"messages"`
	}{OK: true}
	for _, m := range s.Messages {
		if take(m) {
			if f.Get("include_all_metadata") == "" {
				m.Metadata = nil
			}
			answer.Messages = append(answer.Messages, m)
		}
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return `{"ok":false,"error":"internal_error"}`
	}
	return string(out)
}
