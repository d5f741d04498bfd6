package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// stages prints every stage with its gates.
func (t *page) stages() {
	t.section("STAGES")
	done, waiting, before := 0, []string(nil), []string(nil)
	for i, s := range t.plan.Stages {
		hosts := s.Hosts()
		done += len(hosts)
		t.line("  %d. %s: %s", i+1, s.Name, t.which(s, waiting, before))
		if s.Approval {
			t.item(5, "approval", "a person promotes before the first host is changed")
		}
		t.item(5, "exposure", "%s", t.open(s, done))
		if s.Kind == rollout.StageInternal && t.plan.Rehearse {
			t.item(5, "rehearsal", "each host is updated, put back, compared with what it was, and updated again")
		}
		for _, c := range s.Checks {
			t.item(5, "check", "%s, on every updated host", check(c))
		}
		if words := t.tried(i); words != "" {
			t.item(5, "coexist", "%s", words)
		}
		for _, m := range s.Metrics {
			t.item(5, "judge", "%s", metric(m, s.Kind == rollout.StageComplete))
		}
		t.item(5, "then", "%s", t.gate(s))
		before = append(before, hosts...)
		waiting = nil
		if s.Kind == rollout.StageInternal && t.plan.Traffic != nil {
			waiting = hosts
		}
	}
}

// which says what hosts a stage changes.
func (t *page) which(s rollout.Stage, waiting, before []string) string {
	hosts := s.Hosts()
	live := ""
	if len(waiting) > 0 {
		live = names(waiting, 30) + " " + verb(len(waiting), "goes", "go") + " live"
	}
	switch {
	case len(hosts) == 0 && live != "":
		return live + ", no other host is changed"
	case len(hosts) == 0 && s.Kind == rollout.StageCanary:
		return names(before, 30) + ", watched; no other host is changed"
	case len(hosts) == 0:
		return "no other host is changed"
	}
	text := names(hosts, 40)
	if len(hosts) > few || len(text) > 40 {
		text = plural(len(hosts), "host", "hosts")
	}
	if n := len(s.Waves); n > 1 {
		text += fmt.Sprintf(", in %d waves of at most %d", n, largest(s.Waves))
	}
	if live != "" {
		text = live + ", then " + text
	}
	return text
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// largest is the size of the largest wave.
func largest(waves [][]string) int {
	n := 0
	for _, w := range waves {
		n = max(n, len(w))
	}
	return n
}

// open says who reaches the hosts of a stage.
func (t *page) open(s rollout.Stage, done int) string {
	h := t.haproxy()
	share := fmt.Sprintf("%d of %d hosts updated", done, len(t.plan.Hosts))
	switch {
	case s.Kind == rollout.StageInternal && h != nil && h.Internal == "":
		return "nobody, until the next stage; " + share
	case s.Kind == rollout.StageInternal && h != nil:
		return "staff only, through backend " + h.Internal + "; " + share
	case t.plan.Type == "listener" || h != nil:
		return "live traffic; " + share
	}
	return "its real work; " + share
}

// check is what must hold.
func check(c rollout.Check) string {
	what := "exits with 0"
	if c.HTTP != "" {
		what = "answers " + strconv.Itoa(c.Status)
		if c.Status == 0 {
			what = "answers 200"
		}
		if c.Body != "" {
			what += fmt.Sprintf(" with %q in it", c.Body)
		}
	}
	return fmt.Sprintf("%s %s within %s", c.Name, what, duration.Text(c.Within))
}

// gate says when a stage is passed.
func (t *page) gate(s rollout.Stage) string {
	last := s.Kind == rollout.StageComplete
	on := "on to the next stage"
	if last {
		on = "completed"
	}
	judged := false
	for _, m := range s.Metrics {
		judged = judged || !m.DryRun
	}
	switch least, most := duration.Text(s.Bake.Least), duration.Text(s.Bake.Most); {
	case s.Bake.Most <= 0 && !judged:
		return on + " at once"
	case !judged:
		return "watched for " + most + ", then " + on
	case last:
		return "watched for " + most + " on all hosts; " + on + " when nothing is worse than before"
	case s.Bake.Least >= s.Bake.Most:
		return "watched for " + most + "; " + on + " when nothing is worse"
	case s.Bake.Least > 0:
		return "watched for " + least + " to " + most + "; " + on + " as soon as nothing is worse"
	default:
		return "watched for at most " + most + "; " + on + " as soon as nothing is worse"
	}
}

// metric is what is judged, and where it is read.
func metric(m rollout.Metric, last bool) string {
	against := "those of the hosts not updated"
	if m.Kind != rollout.Counts && m.Kind != "" {
		against = "that of the hosts not updated"
	}
	if last {
		against = strings.Replace(against, "the hosts not updated", "the time before", 1)
	}
	times, below := strconv.FormatFloat(m.WorseBy, 'f', -1, 64), strconv.FormatFloat(m.PassBelow, 'f', -1, 64)
	what := m.Name
	if m.Source != m.Name {
		what += " of " + sourceOf(m)
	}
	text := fmt.Sprintf("%s at most %sx %s", what, times, against)
	if m.Higher {
		text = fmt.Sprintf("%s at least 1/%s of %s", what, times, against)
	}
	switch {
	case m.AtMost > 0 && m.Kind != rollout.Counts && m.Kind != "":
		text += ", and never above " + strconv.FormatFloat(m.AtMost, 'f', -1, 64)
	case m.AtMost > 0:
		text += fmt.Sprintf(", and never above %s%%", strconv.FormatFloat(m.AtMost*100, 'f', -1, 64))
	}
	switch {
	case m.PassBelow > 0 && m.Higher:
		text += "; passes when surely above 1/" + below
	case m.PassBelow > 0:
		text += "; passes when surely below " + below + "x"
	}
	if m.DryRun {
		text += "; shown, not counted"
	}
	return text
}

// sourceOf is the source, with its address when it has one.
func sourceOf(m rollout.Metric) string {
	if m.Ask == nil || m.Ask.Address == "" {
		return m.Source
	}
	return m.Source + " (" + m.Ask.Address + ")"
}
