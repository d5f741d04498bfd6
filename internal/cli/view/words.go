package view

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// pending finds a command that still lacks results.
func pending(h rollout.Head, id int) (rollout.Pending, bool) {
	for _, c := range h.Pending {
		if c.ID == id {
			return c, true
		}
	}
	return rollout.Pending{}, false
}

func commandKind(h rollout.Head, id int) rollout.CommandKind {
	c, _ := pending(h, id)
	return c.Kind
}

// doing says what a command does to a host. What is restored on the way forward is
// restored for the rehearsal.
func doing(h rollout.Head, kind rollout.CommandKind, exposure rollout.Exposure) string {
	if kind == rollout.Restore && h.Phase == rollout.Running {
		return "rehearsing going back"
	}
	switch kind {
	case rollout.Record:
		return "reading balancer"
	case rollout.Drain:
		return "draining"
	case rollout.Update:
		return "updating"
	case rollout.Expose:
		return "opening " + string(exposure)
	case rollout.CheckHosts:
		return "checking"
	case rollout.BakeStage:
		return "watched"
	case rollout.Restore:
		return "restoring"
	case rollout.Return:
		return "returning to the balancer"
	}
	return string(kind)
}

// failedAt says how a command ended that did not end well.
func failedAt(kind rollout.CommandKind, o rollout.Outcome) string {
	switch o {
	case rollout.Unreachable:
		return "is unreachable"
	case rollout.Unhealthy:
		return "is unhealthy"
	}
	if kind == "" {
		return "failed"
	}
	return fmt.Sprintf("could not be %s", past(kind))
}

func past(kind rollout.CommandKind) string {
	switch kind {
	case rollout.Record:
		return "recorded"
	case rollout.Drain:
		return "drained"
	case rollout.Update:
		return "updated"
	case rollout.Expose:
		return "opened"
	case rollout.CheckHosts:
		return "passed by its checks"
	case rollout.Restore:
		return "restored"
	case rollout.Return:
		return "returned to the balancer"
	}
	return string(kind) + "ed"
}

func openTo(e rollout.Exposure) string {
	switch e {
	case rollout.Live:
		return "live"
	case rollout.Internal:
		return "open to staff only"
	}
	return "out of traffic"
}

// promoted says that a person had a stage left before there was a verdict.
func promoted(by string) string { return "promoted by " + orSomeone(by) }

func verdictTone(v rollout.Verdict) Tone {
	switch v {
	case rollout.Pass:
		return Good
	case rollout.Fail:
		return Bad
	}
	return Warn
}

func reason(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func adopted(e rollout.Event) string {
	if e.Adopted {
		return " (done before the interruption)"
	}
	return ""
}

func orUnknown(s string) string {
	if s == "" {
		return "no reason was given"
	}
	return s
}

func orSomeone(s string) string {
	if s == "" {
		return "somebody"
	}
	return s
}

// stageHosts says which hosts a stage changes.
func stageHosts(s rollout.Stage) string {
	hosts := s.Hosts()
	if len(s.Waves) < 2 {
		return Names(hosts, 4)
	}
	return fmt.Sprintf("%s in %d waves", Count(len(hosts), "host"), len(s.Waves))
}

// bakeBounds prints how long a stage is watched.
func bakeBounds(b rollout.Bake) string {
	if b.Least == b.Most || b.Most == 0 {
		return duration.Text(max(b.Least, b.Most))
	}
	return duration.Text(b.Least) + " to " + duration.Text(b.Most)
}

// From prints the versions a plan starts from: one, several, or none.
func From(p *rollout.Plan) string {
	seen := map[string]bool{}
	var versions []string
	for _, h := range p.Hosts {
		if !seen[h.From] {
			seen[h.From] = true
			versions = append(versions, Version(h.From))
		}
	}
	if len(versions) > 2 {
		return Count(len(versions), "version")
	}
	if len(versions) == 2 {
		return versions[0] + ", " + versions[1]
	}
	if len(versions) == 0 {
		return Version("")
	}
	return versions[0]
}

// updated counts the hosts that run the release.
func updated(s rollout.State) int {
	n := 0
	for _, h := range s.Hosts {
		if h.Updated {
			n++
		}
	}
	return n
}

// restored counts the hosts that were put back.
func restored(s rollout.State) int {
	n := 0
	for _, h := range s.Hosts {
		if h.Restored {
			n++
		}
	}
	return n
}

// clauseEnd is where the first clause of a reason ends: at a semicolon that stands in no
// parentheses.
func clauseEnd(why string) int {
	depth := 0
	for i, c := range why {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ';' && depth <= 0:
			return i
		}
	}
	return len(why)
}

// Clause is the beginning of a reason, for where many stand below one another: all of it
// is in show, and in JSON.
func Clause(why string, most int) string {
	first := why[:clauseEnd(why)]
	r := []rune(first)
	if len(r) <= most {
		return first
	}
	short := string(r[:most-3])
	if at := strings.LastIndex(short, " "); at > most/2 {
		short = short[:at]
	}
	return strings.TrimRight(short, " ,:(") + "..."
}
