package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// Write makes a runbook from facts: a page to go on from, which passes Lint with the same
// facts.
func Write(f Facts) []byte {
	w := &writer{facts: f}
	w.head()
	w.prerequisites()
	w.deploy()
	w.rollback()
	w.person()
	w.contacts()
	return []byte(w.text.String())
}

// writer puts a runbook together.
type writer struct {
	facts Facts
	text  strings.Builder
}

func (w *writer) say(format string, args ...any) { fmt.Fprintf(&w.text, format, args...) }

// code writes lines of shell as a block, indented by some columns.
func (w *writer) code(indent int, lines ...string) {
	pad := strings.Repeat(" ", indent)
	w.say("\n%s```sh\n", pad)
	for _, l := range lines {
		w.say("%s%s\n", pad, l)
	}
	w.say("%s```\n", pad)
}

func (w *writer) head() {
	f := w.facts
	w.say("# %s: runbook\n\n", f.Service)
	switch f.Type {
	case "worker":
		w.say("%s is a worker: it consumes jobs and listens to nobody.", f.Service)
	case "batch":
		w.say("%s is a batch job: a timer starts it, it runs and ends.", f.Service)
	default:
		w.say("%s serves requests.", f.Service)
	}
	if len(f.Units) > 0 {
		w.say(" On a host it is %s.", backquoted(f.Units))
	}
	w.say("\nThis page says how a release reaches its hosts and how it is taken back.\n")
	w.say("`slipway runbook lint` checks it against %s, and `slipway runbook run` walks through it.\n", w.manifest())
	if f.Link != "" {
		w.say("\nRollouts are seen at %s.\n", asText(f.Link))
	}
	w.say("\n| environment | hosts from | stages |\n|---|---|---|\n")
	for _, e := range f.Environments {
		from := "this machine"
		if e.Inventory != "" {
			from = "`" + e.Inventory + "`"
		}
		w.say("| %s | %s | %s |\n", e.Name, from, strings.Join(e.Stages, ", "))
	}
}

func (w *writer) manifest() string {
	if w.facts.Manifest == "" {
		return "slipway.yaml"
	}
	return w.facts.Manifest
}

// asText is a link that may have placeholders, as Markdown shows it.
func asText(link string) string {
	if placeholder.MatchString(link) {
		return "`" + link + "`"
	}
	return "<" + link + ">"
}

func backquoted(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, "`"+n+"`")
	}
	if len(out) < 2 {
		return strings.Join(out, "")
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

func (w *writer) prerequisites() {
	w.say("\n## Prerequisites\n\nEach command here must end well before a deploy begins.\n\n")
	w.say("1. This page and %s say the same:\n", w.manifest())
	w.code(3, "slipway runbook lint")
	w.say("\n2. Release {{version}} is there (`slipway build {{version}}` makes it), and every host of\n   {{environment}} answers and can take it:\n")
	w.code(3, "slipway plan {{version}} --env {{environment}}")
	w.say("\n3. The people who use %s know that a release is coming, and somebody watches with you.\n", w.facts.Service)
}

func (w *writer) deploy() {
	w.say("\n## Deploy\n")
	n := 1
	for _, e := range w.facts.Environments {
		w.say("\n%d. Read the plan for %s: hosts, stages, gates, and what is there now. Nothing is changed yet:\n", n, e.Name)
		w.code(3, "slipway plan {{version}} --env "+e.Name)
		w.say("\n%d. Deploy to %s, and stay with it until it ends:\n", n+1, e.Name)
		w.code(3, "slipway deploy {{version}} --env "+e.Name)
		n += 2
	}
	w.say("\n%d. Look once more when it has ended: each host runs {{version}}, and nothing is owed.\n", n)
	w.code(3, w.each("slipway status --env ")...)
	w.say("\nA stage that waits for a person goes on with `slipway promote`. Ctrl-C pauses a rollout\nwithout harm, and `slipway resume` goes on; `slipway abort` puts production back.\n")
}

// each is a command line for each environment.
func (w *writer) each(command string) []string {
	var out []string
	for _, e := range w.facts.Environments {
		out = append(out, command+e.Name)
	}
	return out
}

func (w *writer) rollback() {
	w.say("\n## Roll back\n\nSlipway puts hosts back by itself when a stage fails. This is for a release that was\ncompleted and turns out to be wrong.\n\n")
	n := 1
	for _, e := range w.facts.Environments {
		w.say("%d. Put every host of %s back to what was recorded before the release, and have it read back:\n", n, e.Name)
		w.code(3, "slipway rollback --env "+e.Name)
		w.say("\n")
		n++
	}
	w.say("%d. See that each host runs {{previous}} again:\n", n)
	w.code(3, w.each("slipway status --env ")...)
}

// person writes what to do on hosts that Slipway could not put back.
func (w *writer) person() {
	w.say("\n### When a rollout needs a person\n\nHosts that could not be put back keep what they have until somebody looks: {{hosts}}\nin rollout {{rollout}} on {{environment}}, which brought {{version}} where {{previous}} was.\n\n")
	w.say("1. See what is known of them:\n")
	w.code(3, "slipway show {{rollout}}")
	n := 2
	if lines := w.onHost(); len(lines) > 0 {
		w.say("\n%d. Look at each of these hosts:\n", n)
		w.code(3, lines...)
		n++
	}
	if h := w.facts.Health; h != nil {
		w.say("\n%d. Ask it how it is:\n", n)
		w.code(3, fmt.Sprintf("curl -fsS http://{{host}}:%d%s", h.Port, h.Path))
		n++
	}
	w.say("\n%d. When the cause is gone, put them back, and see that they are:\n", n)
	w.code(3, "slipway rollback {{rollout}}", "slipway status --env {{environment}}")
}

// onHost are the commands that show the units of a host that can be reached by SSH.
func (w *writer) onHost() []string {
	reached := slices.ContainsFunc(w.facts.Environments, func(e Environment) bool { return e.Inventory != "" })
	if !reached || len(w.facts.Units) == 0 {
		return nil
	}
	lines := []string{"ssh {{host}} systemctl status --no-pager " + strings.Join(w.facts.Units, " ")}
	for _, u := range w.facts.Units {
		if !strings.HasSuffix(u, ".timer") {
			lines = append(lines, "ssh {{host}} journalctl -u "+u+" --since -30m --no-pager")
		}
	}
	return lines
}

// contacts lists whom to turn to, where that is known.
func (w *writer) contacts() {
	if len(w.facts.Contacts) == 0 {
		return
	}
	w.say("\n## Contacts\n\n")
	for _, c := range w.facts.Contacts {
		var about []string
		for _, text := range []string{c.Role, c.How} {
			if text != "" {
				about = append(about, text)
			}
		}
		w.say("- %s\n", strings.Join(append([]string{c.Name}, about...), ", "))
	}
}
