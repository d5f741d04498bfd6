package plan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// width is how many columns a plan is printed for.
const width = 80

// few is how many hosts are printed one by one; more are told by stage.
const few = 40

// Text prints a plan for people, for 80 columns: what is brought where, every host,
// the stages with their gates, what is tolerated, and how production goes back.
func Text(w io.Writer, p *rollout.Plan) error {
	t := &page{plan: p}
	t.head()
	t.unsafe()
	t.changes()
	t.hosts()
	t.stages()
	t.limits()
	t.back()
	t.told()
	t.notes()
	t.next()
	_, err := w.Write(t.out.Bytes())
	return err
}

// page is a plan being printed.
type page struct {
	plan *rollout.Plan
	out  bytes.Buffer
}

func (t *page) line(format string, args ...any) {
	t.out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// item prints a label and a text that is wrapped beside it.
func (t *page) item(indent int, label, format string, args ...any) {
	const column = 13
	lead := strings.Repeat(" ", indent) + fmt.Sprintf("%-*s ", column-1, label)
	for i, part := range wrap(fmt.Sprintf(format, args...), width-indent-column) {
		if i > 0 {
			lead = strings.Repeat(" ", indent+column)
		}
		t.line("%s%s", lead, part)
	}
}

// section begins a part of the page.
func (t *page) section(title string) { t.line("\n%s", title) }

// head says what is brought where.
func (t *page) head() {
	p := t.plan
	t.line("%s %s on %s", p.Service, p.Release.Version, p.Environment)
	t.item(2, "now", "%s", t.now())
	if p.Release.Commit != "" {
		t.item(2, "commit", "%s", p.Release.Commit)
	}
	for _, a := range p.Release.Artifacts {
		t.item(2, "artifact", "%s %s %s, %s, %s", a.Name, a.Format, a.Arch, size(a.Size), short(a.Digest))
	}
	t.item(2, "method", "%s", t.method())
	if h := t.haproxy(); h != nil {
		backends := "backend " + h.Public
		if h.Internal != "" {
			backends = fmt.Sprintf("backends %s (public) and %s (internal)", h.Public, h.Internal)
		}
		t.item(2, "traffic", "%s, %s", plural(len(h.Sockets), "HAProxy", "HAProxies"), backends)
	}
	t.item(2, "plan", "%s, by %s, %s", p.ID, p.By, p.At.UTC().Format("2006-01-02 15:04 UTC"))
}

// now tells which versions the hosts run, the most common one first.
func (t *page) now() string {
	count := map[string]int{}
	var versions []string
	for _, h := range t.plan.Hosts {
		if count[h.From] == 0 {
			versions = append(versions, h.From)
		}
		count[h.From]++
	}
	slices.SortStableFunc(versions, func(a, b string) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return fleet.Compare(a, b)
	})
	parts := make([]string, len(versions))
	for i, v := range versions {
		parts[i] = fmt.Sprintf("%s on %s", installed(v), plural(count[v], "host", "hosts"))
	}
	return strings.Join(parts, ", ")
}

// installed is a version, or a word for none.
func installed(version string) string {
	if version == "" {
		return "nothing"
	}
	return version
}

// method says how hosts are changed.
func (t *page) method() string {
	switch m := t.plan.Method; {
	case m.Ansible != nil && m.Ansible.Playbook != "":
		return fmt.Sprintf("Ansible, playbook %s, inventory %s, hosts %s", t.near(m.Ansible.Playbook), t.near(m.Ansible.Inventory), m.Ansible.Hosts)
	case m.Ansible != nil:
		return fmt.Sprintf("Ansible, inventory %s, hosts %s", t.near(m.Ansible.Inventory), m.Ansible.Hosts)
	case m.Local != nil:
		return "a fleet on this machine, in " + t.near(m.Local.Directory)
	}
	return "none"
}

// near is a path from the project's directory, when it is in there.
func (t *page) near(path string) string {
	if rest, ok := strings.CutPrefix(path, strings.TrimRight(t.plan.Project, "/")+"/"); ok {
		return rest
	}
	return path
}

func (t *page) haproxy() *rollout.HAProxy {
	if t.plan.Traffic == nil {
		return nil
	}
	return t.plan.Traffic.HAProxy
}

// notes are what is unusual.
func (t *page) notes() {
	if len(t.plan.Notes) == 0 {
		return
	}
	t.section("NOTES")
	for _, n := range t.plan.Notes {
		for i, part := range wrap(n, width-4) {
			mark := "- "
			if i > 0 {
				mark = "  "
			}
			t.line("  %s%s", mark, part)
		}
	}
}

// next are the commands that come after a plan.
func (t *page) next() {
	p := t.plan
	env := " --env " + p.Environment
	yes := ""
	if len(p.Unsafe) > 0 && p.AcceptedBy == "" {
		yes = " --accept-no-way-back"
	}
	rows := [][2]string{
		{"slipway deploy " + p.Release.Version + env + yes, "do this"},
		{"slipway status" + env, "how far it is"},
		{"slipway promote" + env, "go on when it waits"},
		{"slipway abort" + env, "stop and go back"},
		{"slipway rollback" + env, "go back, also afterwards"},
	}
	wide := 0
	for _, r := range rows {
		wide = min(max(wide, len(r[0])), 46)
	}
	t.section("COMMANDS")
	for _, r := range rows {
		t.line("  %-*s  %s", wide, r[0], r[1])
	}
}

// plural is a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// wrap breaks a text between words; a word that is too long stands alone.
func wrap(text string, room int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= room:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
