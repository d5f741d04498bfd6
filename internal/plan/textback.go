package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// limits prints what is tolerated, and what happens beyond it.
func (t *page) limits() {
	p := t.plan
	t.section("LIMITS")
	t.item(2, "out at once", "at most %s, going back too", plural(p.MaxOut, "host", "hosts"))
	switch p.Budget {
	case 0:
		t.item(2, "budget", "no host may fail: the first one ends the rollout")
	default:
		t.item(2, "budget", "%s may fail, be unreachable or unhealthy; one more ends the rollout", plural(p.Budget, "host", "hosts"))
	}
	t.item(2, "on failure", "%s", choice(p.OnFail, "every changed host goes back to what it was"))
	judged := func(s rollout.Stage) bool { return len(s.Metrics) > 0 }
	if slices.ContainsFunc(p.Stages, judged) {
		t.item(2, "if unclear", "%s", choice(p.OnUnclear, "every changed host goes back to what it was"))
	}
}

// choice says what is done at a fork.
func choice(c rollout.Choice, restore string) string {
	const hold = "it holds and waits for a person: promote or abort"
	switch c {
	case rollout.ChooseAsk:
		return hold
	case rollout.ChooseWait:
		return "watched for as long again, up to three times; then " + hold
	}
	return restore
}

// back prints how production returns to what it was, and what stays as it is.
func (t *page) back() {
	p := t.plan
	t.section("GOING BACK")
	count := map[string]int{}
	var ways []string
	for _, h := range p.Hosts {
		way := "to " + h.From + ": " + goesBack(h.Back)
		if h.Back.How == "remove" {
			way = "removed again: the service was not there before"
		}
		if count[way] == 0 {
			ways = append(ways, way)
		}
		count[way]++
	}
	slices.SortFunc(ways, fleet.Compare)
	for _, way := range ways {
		t.item(2, plural(count[way], "host", "hosts"), "%s", way)
	}
	t.item(2, "put back", "%s", t.putBack())
	t.item(2, "proven", "%s", t.proven())
	if len(p.Spec.Data) > 0 {
		t.item(2, "stays out", "%s: data is never touched", strings.Join(p.Spec.Data, ", "))
		return
	}
	t.item(2, "stays out", "databases, and everything that is not named here: no data paths are declared")
}

// proven says whether the way back is shown before the release reaches anybody.
func (t *page) proven() string {
	internal := func(s rollout.Stage) bool { return s.Kind == rollout.StageInternal }
	switch {
	case t.plan.Rehearse:
		return "by rehearsal in the internal stage; a release that cannot go back is refused there"
	case slices.ContainsFunc(t.plan.Stages, internal):
		return "no: rehearse is off, so that going back from this release is unproven"
	}
	return "no: without an internal stage nothing is rehearsed, so that going back from this release is unproven"
}

// putBack names what a restore returns besides the version.
func (t *page) putBack() string {
	s := t.plan.Spec
	var parts []string
	if units := append(slices.Clone(s.Units), s.Timers...); len(units) > 0 {
		parts = append(parts, "units "+strings.Join(units, ", "))
	}
	if len(s.Config) > 0 {
		parts = append(parts, "config "+strings.Join(s.Config, ", "))
	}
	if s.Format == "deb" {
		parts = append(parts, "the package's conffiles and holds")
	}
	if t.plan.Traffic != nil {
		parts = append(parts, "state and weight in the balancers")
	}
	return fmt.Sprintf("%s; read back and compared", strings.Join(parts, "; "))
}

// told prints who is told, and what changed.
func (t *page) told() {
	p := t.plan
	t.section("TOLD")
	for _, c := range p.Notify {
		what := "what matters to it"
		if len(c.Events) > 0 {
			var events []string
			for _, e := range c.Events {
				events = append(events, string(e))
			}
			what = strings.Join(events, ", ")
		}
		t.item(2, c.Name, "%s%s: %s", c.Kind, whereTo(c), what)
	}
	if len(p.Notify) == 0 {
		t.line("  nobody: the manifest has no notify")
	}
}

// whereTo is the place of a channel that a person knows it by.
func whereTo(c rollout.Channel) string {
	if c.Secrets["webhook"] != "" && c.Settings["channel"] == "" {
		return "" // the address is the secret
	}
	for _, name := range []string{"room", "channel", "stream", "to", "chat", "address", "application", "entity", "textfile", "endpoint", "project", "url"} {
		if v := c.Settings[name]; v != "" {
			return " " + v
		}
	}
	return ""
}

// changes prints the commits that a release brings.
func (t *page) changes() {
	const most = 10
	all := t.plan.Changes
	if len(all) == 0 {
		return
	}
	t.section("CHANGES")
	for _, c := range all[:min(len(all), most)] {
		t.item(2, shortCommit(c.Commit), "%s%s", c.Subject, by(c.By))
	}
	if n := len(all) - most; n > 0 {
		t.line("  and %s more", plural(n, "commit", "commits"))
	}
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

func shortCommit(c string) string { return c[:min(len(c), 10)] }
