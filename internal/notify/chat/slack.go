package chat

import (
	"context"
	"strings"

	"github.com/slack-go/slack"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// SlackWebhook tells a channel through an incoming webhook: one message a notice.
type SlackWebhook struct {
	Wire    *wire.Client
	Webhook string
}

var _ notify.Notifier = (*SlackWebhook)(nil)

// Send tells the channel. A webhook knows no idempotency key.
func (s *SlackWebhook) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	_, err := s.Wire.Post(ctx, s.Webhook, nil, slack.WebhookMessage{
		Text: slackEscape(m.Headline), Attachments: []slack.Attachment{slackAttachment(m, slackBlocks(m))},
	})
	return "", err
}

// slackAttachment is a message under a coloured bar. The text above it is what
// notifications of a telephone show.
func slackAttachment(m notify.Message, blocks []slack.Block) slack.Attachment {
	a := slack.Attachment{Color: slackColor(m.Severity), Fallback: m.Headline}
	a.Blocks.BlockSet = blocks
	return a
}

// slackStep is the details in one small line, for a thread.
func slackStep(m notify.Message) []slack.Block {
	text := m.Detail()
	if m.Text != "" || text == "" || len(m.Commits()) > 0 {
		return slackBlocks(m)
	}
	return []slack.Block{slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, slackEscape(notify.Shorten(text, 1900)), false, false))}
}

// slackBlocks are the details, without the headline.
func slackBlocks(m notify.Message) []slack.Block {
	if m.Text != "" {
		return []slack.Block{slackSection(slackEscape(notify.Shorten(m.Text, 2900)))}
	}
	var fields []*slack.TextBlockObject
	for _, f := range m.Facts() {
		text := "*" + f.Name + "*\n" + slackEscape(notify.Shorten(f.Value, 500))
		fields = append(fields, slack.NewTextBlockObject(slack.MarkdownType, text, false, false))
	}
	var blocks []slack.Block
	if len(fields) > 0 {
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	if commits := m.Commits(); len(commits) > 0 {
		// Plain text: a subject's asterisks are not ours to draw.
		text := slack.NewTextBlockObject(slack.PlainTextType, "• "+slackEscape(strings.Join(commits, "\n• ")), false, false)
		blocks = append(blocks, slack.NewSectionBlock(text, nil, nil))
	}
	if m.Link != "" {
		link := slack.NewTextBlockObject(slack.MarkdownType, "<"+slackEscape(m.Link)+"|look at the rollout>", false, false)
		blocks = append(blocks, slack.NewContextBlock("", link))
	}
	if len(blocks) == 0 {
		blocks = append(blocks, slackSection(slackEscape(m.Headline)))
	}
	return blocks
}

func slackSection(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

// slackEscaped are the three letters that Slack's markup is made of. Without them
// nothing can link, or call everybody.
var slackEscaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func slackEscape(text string) string { return slackEscaped.Replace(text) }

func slackColor(s notify.Severity) string {
	switch s {
	case notify.Good:
		return "good"
	case notify.Warning:
		return "warning"
	case notify.Bad:
		return "danger"
	}
	return "#6b7785"
}
