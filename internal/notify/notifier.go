package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Memory is what a channel knows of a rollout from earlier messages. It outlives the
// process.
type Memory struct {
	// Text is the channel's own: the id of a thread, say. What Send leaves in it is
	// kept, also when Send fails.
	Text string
	// Again is true when an earlier attempt of this very message has begun: it may
	// have arrived, with the answer lost. A channel that can ask its service asks
	// first; one whose service knows idempotency keys just sends.
	Again bool
}

// Notifier takes messages to one channel.
//
// Send takes one message and returns what the service calls it, if it says. It is
// called for one message after the other of a rollout, and again for one that failed:
// with the same Message, and memory.Again set. It ends early with ctx. Errors are of
// type *Error when the channel can say more than that it did not work, and hold no
// secret: no token, and of a URL only its host.
type Notifier interface {
	Send(ctx context.Context, m Message, memory *Memory) (remoteID string, err error)
}

// Checker is a Notifier that can tell whether it would work without leaving a mark
// that people would take for a deployment.
type Checker interface {
	Check(ctx context.Context) error
}

// Error is why a message did not arrive.
type Error struct {
	Op     string        // what was attempted, and where: "post to hipchat.example"
	Status int           // of HTTP or SMTP; 0: there was no answer
	Text   string        // the other side's words, in one line
	After  time.Duration // when the other side wants to be asked again; 0: it did not say
	Final  bool          // it will not work until somebody changes something
	Err    error         // what went wrong without an answer
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": answered %d", e.Status)
	}
	if e.Text != "" {
		b.WriteString(": " + e.Text)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.After > 0 {
		b.WriteString(", again in " + Span(e.After))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Refused reports whether trying again is of no use, and when to otherwise.
func Refused(err error) (final bool, after time.Duration) {
	var e *Error
	if errors.As(err, &e) {
		return e.Final, e.After
	}
	return false, 0
}
