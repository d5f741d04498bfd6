package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Fact is one detail of a message, under its headline.
type Fact struct {
	Name  string
	Value string
}

// Facts are the details: what changes, who, how many, how long.
func (m Message) Facts() []Fact {
	var facts []Fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, Fact{name, value})
		}
	}
	add("version", m.versions())
	if m.By != "" && m.By != m.PlannedBy {
		add("asked by", m.By)
	}
	add("planned by", m.PlannedBy)
	if m.AcceptedBy != "" && (m.Kind == rollout.NoticePlanned || m.Kind == rollout.NoticeStarted) {
		add("way back", "none that is safe after live traffic, accepted by "+m.AcceptedBy)
	}
	add("hosts", m.progress())
	add("look at", strings.Join(m.Hosts, ", "))
	if m.Took > 0 {
		add("took", Span(m.Took))
	}
	return facts
}

func (m Message) versions() string {
	switch {
	case m.From == "":
		return m.Version + ", the first one"
	case m.From == m.Version:
		return m.Version + ", again"
	case m.Kind == rollout.NoticeRestoring, m.Kind == rollout.NoticeRestored:
		return m.Version + " → " + m.From
	}
	return m.From + " → " + m.Version
}

func (m Message) progress() string {
	switch {
	case m.Total == 0:
		return ""
	case m.Kind == rollout.NoticePlanned, m.Kind == rollout.NoticeStarted:
		return strconv.Itoa(m.Total)
	}
	parts := []string{fmt.Sprintf("%d of %d updated", m.Updated, m.Total)}
	if m.Kind == rollout.NoticeRestored {
		parts[0] = fmt.Sprintf("%d of %d restored", m.Restored, m.Total)
	} else if m.Restored > 0 {
		parts = append(parts, fmt.Sprintf("%d restored", m.Restored))
	}
	if m.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", m.Failed))
	}
	return strings.Join(parts, ", ")
}

// listed is how many commits a message names.
const listed = 5

// Commits are the changes in one line each, the newest first, and how many more there
// are. Only the messages that open a rollout list them.
func (m Message) Commits() []string {
	if m.Kind != rollout.NoticePlanned && m.Kind != rollout.NoticeStarted {
		return nil
	}
	var lines []string
	for i, c := range m.Changes {
		if i == listed {
			return append(lines, "and "+plural(len(m.Changes)-listed, "more commit"))
		}
		line := Shorten(c.Commit, 8)
		if len(c.Commit) > 8 {
			line = c.Commit[:8]
		}
		line += " " + Shorten(oneLine(c.Subject), 100)
		if c.By != "" {
			line += " (" + oneLine(c.By) + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// Span is a duration as people say it: "850ms", "42s", "3m12s", "15m", "2h5m".
func Span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return short(d.Round(time.Second), time.Minute, "m", time.Second, "s")
	}
	return short(d.Round(time.Minute), time.Hour, "h", time.Minute, "m")
}

// short is a duration in two units, or one where it is whole.
func short(d, big time.Duration, bigs string, small time.Duration, smalls string) string {
	text := strconv.Itoa(int(d/big)) + bigs
	if rest := d % big / small; rest > 0 {
		text += strconv.Itoa(int(rest)) + smalls
	}
	return text
}
