package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// slackEvent is the type of the metadata that our messages carry.
const slackEvent = "slipway_notice"

// Slack tells a channel through Slack's API: one message a rollout, which always says
// how things stand, and every step in its thread.
type Slack struct {
	Wire    *wire.Client
	URL     string // of the API
	Token   string
	Channel string // name or id
}

var (
	_ notify.Notifier = (*Slack)(nil)
	_ notify.Checker  = (*Slack)(nil)
)

// slackRoot is the message of a rollout. It is what Memory keeps.
type slackRoot struct {
	Channel string `json:"channel"` // the id: updates take no name
	TS      string `json:"ts"`
}

// Send adds the message to the rollout's thread and brings the thread's first message
// up to date. When an earlier attempt has begun it first asks whether that one got
// through: its messages carry their keys as metadata.
func (s *Slack) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	api := s.client()
	var root slackRoot
	if memory.Text == "" || json.Unmarshal([]byte(memory.Text), &root) != nil || root.TS == "" {
		return s.begin(ctx, api, m, memory)
	}
	id := ""
	if memory.Again {
		var err error
		if id, err = s.reply(ctx, api, root, m.Key); err != nil {
			return "", err
		}
	}
	if id == "" {
		var err error
		_, id, err = api.PostMessageContext(ctx, root.Channel, slack.MsgOptionTS(root.TS), slackText(m, slackStep(m)), slackMark(m))
		if err != nil {
			return "", s.failure("post to Slack", err)
		}
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, root.Channel, root.TS, slackText(m, slackBlocks(m)), slackMark(m)); err != nil {
		return "", s.failure("update the message in Slack", err)
	}
	return id, nil
}

// begin posts the first message of a rollout.
func (s *Slack) begin(ctx context.Context, api *slack.Client, m notify.Message, memory *notify.Memory) (string, error) {
	if memory.Again {
		if root, ok := s.find(ctx, api, m); ok {
			return root.TS, root.keep(memory)
		}
	}
	var root slackRoot
	var err error
	root.Channel, root.TS, err = api.PostMessageContext(ctx, s.Channel, slackText(m, slackBlocks(m)), slackMark(m))
	if err != nil {
		return "", s.failure("post to Slack", err)
	}
	return root.TS, root.keep(memory)
}

func (r slackRoot) keep(memory *notify.Memory) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep the thread: %w", err)
	}
	memory.Text = string(text)
	return nil
}

// find looks for the first message of a rollout that may have got through. Its history
// is asked for by id only; a channel that is configured by name, or a bot that may not
// read, finds nothing, and the message is posted again.
func (s *Slack) find(ctx context.Context, api *slack.Client, m notify.Message) (slackRoot, bool) {
	history, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: s.Channel, Limit: 100, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", m.At.Add(-time.Minute).Unix()),
	})
	if err != nil {
		return slackRoot{}, false
	}
	for _, old := range history.Messages {
		if old.Metadata.EventType == slackEvent && old.Metadata.EventPayload["key"] == m.Key {
			return slackRoot{Channel: s.Channel, TS: old.Timestamp}, true
		}
	}
	return slackRoot{}, false
}

// reply looks for a message in the thread by its key; "" when it is not there, or
// the bot may not read.
func (s *Slack) reply(ctx context.Context, api *slack.Client, root slackRoot, key string) (string, error) {
	replies, _, _, err := api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: root.Channel, Timestamp: root.TS, Limit: 200, IncludeAllMetadata: true,
	})
	if err != nil {
		var refused slack.SlackErrorResponse
		if errors.As(err, &refused) {
			return "", nil
		}
		return "", s.failure("look into Slack", err)
	}
	for _, old := range replies {
		if old.Timestamp != root.TS && old.Metadata.EventType == slackEvent && old.Metadata.EventPayload["key"] == key {
			return old.Timestamp, nil
		}
	}
	return "", nil
}

// Check asks Slack whether it knows the token.
func (s *Slack) Check(ctx context.Context) error {
	_, err := s.client().AuthTestContext(ctx)
	return s.failure("ask Slack who we are", err)
}

func (s *Slack) client() *slack.Client {
	return slack.New(s.Token, slack.OptionAPIURL(strings.TrimSuffix(s.URL, "/")+"/"), slack.OptionHTTPClient(s.Wire.HTTP()))
}

func slackText(m notify.Message, blocks []slack.Block) slack.MsgOption {
	return slack.MsgOptionCompose(
		slack.MsgOptionText(m.Headline, true), slack.MsgOptionAttachments(slackAttachment(m, blocks)),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	)
}

func slackMark(m notify.Message) slack.MsgOption {
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: slackEvent, EventPayload: map[string]any{"key": m.Key}})
}

// passing are words of Slack that mean: later.
var passing = map[string]bool{
	"ratelimited": true, "rate_limited": true, "internal_error": true, "fatal_error": true,
	"service_unavailable": true, "request_timeout": true, "team_added_to_org": true,
}

// failure says what an error of the client means. The client's errors may print the
// address, so only what is known of them is kept.
func (s *Slack) failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var limited *slack.RateLimitedError
	var refused slack.SlackErrorResponse
	var status slack.StatusCodeError
	var network *net.OpError
	switch {
	case errors.As(err, &limited):
		return &notify.Error{Op: op, Status: 429, After: min(limited.RetryAfter, time.Hour)}
	case errors.As(err, &refused):
		return &notify.Error{Op: op, Text: "Slack says " + refused.Err, Final: !passing[refused.Err]}
	case errors.As(err, &status):
		return &notify.Error{Op: op, Status: status.Code, Final: status.Code < 500 && status.Code != 408}
	case errors.Is(err, context.DeadlineExceeded):
		return &notify.Error{Op: op, Err: context.DeadlineExceeded}
	case errors.Is(err, context.Canceled):
		return &notify.Error{Op: op, Err: context.Canceled}
	case errors.As(err, &network):
		return &notify.Error{Op: op, Err: network}
	}
	return &notify.Error{Op: op, Text: "no answer that can be understood"}
}
