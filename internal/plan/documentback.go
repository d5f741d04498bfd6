package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// goingBack are the commands that put production back, and what they do.
func (d *Document) goingBack(t *page) []block {
	p := d.Plan
	env := " --env " + p.Environment
	commands := []string{
		"# while the rollout runs or waits",
		"slipway abort " + p.ID + ` --reason "..."`,
		"# after it has ended",
		"slipway rollback " + p.ID,
		"# how far it is, host by host",
		"slipway status " + p.ID,
	}
	if version := d.cameFrom(); version != "" {
		commands = append(commands, "# also past a later release", "slipway rollback --to "+quote(version)+env)
	}
	return []block{
		{Kind: "code", Code: strings.Join(commands, "\n")},
		{Kind: "facts", Rows: append(d.ways(), fact("put back", t.putBack()), fact("proven", t.proven()))},
		{Kind: "say", Say: say("By hand, as root on a host, when Slipway is not to be had. Take the host out of the balancers first; nothing reads it back for you.")},
		{Kind: "code", Code: strings.Join(d.byHand(), "\n")},
	}
}

// ways counts hosts by how they go back.
func (d *Document) ways() [][]span {
	count := map[string]int{}
	var order []string
	for _, h := range d.Plan.Hosts {
		way := "to " + h.From + ": " + goesBack(h.Back)
		if h.Back.How == "remove" {
			way = "removed again: the service was not there before"
		}
		if count[way] == 0 {
			order = append(order, way)
		}
		count[way]++
	}
	var rows [][]span
	for _, way := range order {
		rows = append(rows, fact(plural(count[way], "host", "hosts"), way))
	}
	return rows
}

// byHand are the commands for each way back, with the hosts that they are for.
func (d *Document) byHand() []string {
	hosts := map[string][]string{}
	var order []string
	for _, h := range d.Plan.Hosts {
		way := d.commands(h)
		if hosts[way] == nil {
			order = append(order, way)
		}
		hosts[way] = append(hosts[way], h.Name)
	}
	var lines []string
	for _, way := range order {
		lines = append(lines, "# "+names(hosts[way], 60), way)
	}
	return lines
}

// commands put one host back to the version that it had.
func (d *Document) commands(h rollout.Host) string {
	s := d.Plan.Spec
	units := quoted(s.Units)
	var lines []string
	switch {
	case h.Back.How == "remove" && s.Format == "deb":
		lines = []string{"apt-get remove " + quote(s.Package)}
	case h.Back.How == "remove":
		lines = []string{"systemctl stop " + units, "rm " + quote(s.Directory+"/current")}
	case h.Back.How == "relink":
		current := quote(s.Directory + "/current")
		lines = []string{
			"ln -sfn " + quote("releases/"+h.From) + " " + current + ".back && mv -T " + current + ".back " + current,
			"systemctl restart " + units,
		}
	case h.Back.How == "package" || s.Format == "deb":
		lines = []string{"apt-get install --allow-downgrades " + quote(s.Package+"="+h.From), "systemctl restart " + units}
	default:
		lines = []string{"# from " + h.Back.Where + ": " + h.From}
	}
	if len(s.Timers) > 0 && h.Back.How != "remove" {
		lines = append(lines, "systemctl start "+quoted(s.Timers))
	}
	return strings.Join(lines, "\n")
}

func quoted(words []string) string {
	all := slices.Clone(words)
	for i, w := range all {
		all[i] = quote(w)
	}
	return strings.Join(all, " ")
}

// quote writes a word so that a shell takes it as one.
func quote(s string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./~-]+$`).MatchString(s) && !strings.HasPrefix(s, "~") {
		return s
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(s, "'", `'\''`))
}
