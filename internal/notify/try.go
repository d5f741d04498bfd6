package notify

import (
	"context"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// KindTest is the kind of the message that `slipway notify test` sends; no rollout
// makes one.
const KindTest rollout.NoticeKind = "test"

// Sample is the message of a test: it says that the channel can be reached.
func Sample(service, environment, who string, at time.Time) Message {
	m := Message{
		Key: "test/" + at.UTC().Format(time.RFC3339Nano), Rollout: "test", Kind: KindTest, At: at.UTC(),
		Service: service, Environment: environment, PlannedBy: oneLine(who), Severity: Info,
	}
	m.Headline = "Slipway can reach this channel: " + service + " in " + environment + " will be told of here"
	return m
}

// Try finds out whether a channel works: by asking it, where that can be done without
// leaving a mark, or by sending the message.
func Try(ctx context.Context, n Notifier, m Message) error {
	if c, ok := n.(Checker); ok {
		return c.Check(ctx)
	}
	_, err := n.Send(ctx, m, &Memory{})
	return err
}
