package notify

import (
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Severity is how much a message matters. Channels turn it into a colour.
type Severity string

// The severities.
const (
	Info    Severity = "info"    // it goes on
	Good    Severity = "good"    // something passed, or is done
	Warning Severity = "warning" // a person is wanted, or production is being put back
	Bad     Severity = "bad"     // something failed
)

// Message is all that there is to say about one notice, ready for any channel. The
// same plan and notice always make the same message.
type Message struct {
	// Key is unique for all rollouts, and the same however often the message is made:
	// what services that know idempotency keys are given.
	Key     string             `json:"key"`
	Rollout string             `json:"rollout"`
	Kind    rollout.NoticeKind `json:"kind"`
	At      time.Time          `json:"at"`

	Service     string `json:"service"`
	Environment string `json:"environment"`
	From        string `json:"from,omitempty"` // what most hosts ran before; empty: it was not there
	Version     string `json:"version"`        // the release's
	Commit      string `json:"commit,omitempty"`
	PlannedBy   string `json:"planned_by,omitempty"`

	By      string            `json:"by,omitempty"` // who asked for this
	Stage   string            `json:"stage,omitempty"`
	Exposed rollout.StageKind `json:"exposed,omitempty"` // the kind of that stage
	Verdict rollout.Verdict   `json:"verdict,omitempty"`
	Why     string            `json:"why,omitempty"`

	Updated  int              `json:"updated"`
	Restored int              `json:"restored,omitempty"`
	Failed   int              `json:"failed,omitempty"`
	Total    int              `json:"total"`
	Hosts    []string         `json:"hosts,omitempty"`
	Took     time.Duration    `json:"took,omitempty"`
	Changes  []rollout.Change `json:"changes,omitempty"`
	Link     string           `json:"link,omitempty"`
	// AcceptedBy is who said yes to a release that may not go back after live traffic.
	AcceptedBy string `json:"accepted_by,omitempty"`

	Severity Severity `json:"severity"`
	// Headline is one line that says it all; of a failure also why.
	Headline string `json:"headline"`
	// Text replaces headline and details when the channel has a template of its own.
	Text string `json:"text,omitempty"`
}

// Compose makes the message of a notice.
func Compose(plan *rollout.Plan, n rollout.Notice) Message {
	m := Message{
		Key: plan.ID + "/" + n.Key, Rollout: plan.ID, Kind: n.Kind, At: n.At.UTC(),
		Service: plan.Service, Environment: plan.Environment,
		From: before(plan.Hosts), Version: plan.Release.Version, Commit: plan.Release.Commit, PlannedBy: oneLine(plan.By),
		By: oneLine(n.By), Stage: n.Stage, Exposed: exposed(plan, n.Stage), Verdict: n.Verdict, Why: oneLine(n.Why),
		Updated: n.Updated, Restored: n.Restored, Failed: n.Failed, Total: n.Total,
		Hosts: n.Hosts, Took: n.Took, Changes: plan.Changes, Link: plan.Link, AcceptedBy: oneLine(plan.AcceptedBy),
	}
	m.Severity = severity(m)
	m.Headline = headline(m)
	return m
}

// before is the version that most hosts ran, the first in the plan's order of equals.
func before(hosts []rollout.Host) string {
	count := map[string]int{}
	for _, h := range hosts {
		count[h.From]++
	}
	best := ""
	for _, h := range hosts {
		if h.From != "" && (best == "" || count[h.From] > count[best]) {
			best = h.From
		}
	}
	return best
}

func exposed(plan *rollout.Plan, stage string) rollout.StageKind {
	for _, s := range plan.Stages {
		if s.Name == stage && stage != "" {
			return s.Kind
		}
	}
	return ""
}

func severity(m Message) Severity {
	switch m.Kind {
	case rollout.NoticeCompleted, rollout.NoticePromoted:
		return Good
	case rollout.NoticeWaiting, rollout.NoticePaused, rollout.NoticeReminder, rollout.NoticeRestored:
		return Warning
	case rollout.NoticeAborted, rollout.NoticeRestoring, rollout.NoticePerson:
		return Bad
	case rollout.NoticeLeft:
		switch m.Verdict {
		case rollout.Fail:
			return Bad
		case rollout.Inconclusive, rollout.NoData:
			return Warning
		case "":
			return Info
		}
		return Good
	}
	return Info
}

// Live is the version that production runs, or is on its way to, after this message:
// the release's, or the one before while it is put back.
func (m Message) Live() string {
	switch m.Kind {
	case rollout.NoticeRestoring, rollout.NoticeRestored, rollout.NoticeAborted:
		return m.From
	}
	return m.Version
}

// Ended reports whether it is the last message of a rollout, unless somebody rolls a
// completed one back.
func (m Message) Ended() bool {
	return m.Kind == rollout.NoticeCompleted || m.Kind == rollout.NoticeRestored || m.Kind == rollout.NoticePerson
}

// oneLine makes one line of what strangers wrote: no control characters, at most 300
// letters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return Shorten(strings.Join(strings.Fields(s), " "), 300)
}

// Shorten cuts a text to at most most letters; the last is then an ellipsis.
func Shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	letters := []rune(s)
	if len(letters) <= most {
		return s
	}
	return string(letters[:most-1]) + "…"
}

// plural is "1 host" or "3 hosts".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
