package view

import (
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// hosts draws one row a host when there is room, and otherwise one row a stage and
// the hosts that failed.
func (s Screen) hosts(room int) []string {
	if room < 1 || len(s.State.Hosts) == 0 {
		return nil
	}
	order := inOrder(s.State.Plan)
	if len(order) <= room {
		return s.hostRows(order)
	}
	return s.groups(order, room)
}

// inOrder returns the indexes of a plan's hosts in the order in which they are changed.
func inOrder(p *rollout.Plan) []int {
	at := make(map[string]int, len(p.Hosts))
	for i, h := range p.Hosts {
		at[h.Name] = i
	}
	order := make([]int, 0, len(p.Hosts))
	for _, st := range p.Stages {
		for _, name := range st.Hosts() {
			if i, ok := at[name]; ok {
				order = append(order, i)
			}
		}
	}
	return order
}

// hostRow is a host in columns.
type hostRow struct{ mark, name, zone, version, exposure, activity string }

// noTraffic is the widest exposure.
const noTraffic = "no traffic"

// hostRows draws the hosts. Columns are as wide as what they may come to hold, so
// that nothing jumps.
func (s Screen) hostRows(order []int) []string {
	rows := make([]hostRow, 0, len(order))
	var name, zone, version int
	for _, i := range order {
		r := s.hostRow(i)
		name, zone = max(name, ansi.StringWidth(r.name)), max(zone, ansi.StringWidth(r.zone))
		version = max(version, ansi.StringWidth(s.way(i)))
		rows = append(rows, r)
	}
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		line := r.mark + " " + fit(r.name, name) + "  "
		if zone > 0 {
			line += s.Faint.Render(fit(r.zone, zone)) + "  "
		}
		out = append(out, line+fit(r.version, version)+"  "+fit(r.exposure, len(noTraffic))+"  "+r.activity)
	}
	return out
}

func (s Screen) hostRow(i int) hostRow {
	p, h := s.State.Plan.Hosts[i], s.State.Hosts[i]
	r := hostRow{mark: s.hostMark(h), name: p.Name, zone: p.Zone, exposure: s.exposure(h.Exposure)}
	r.version = Version(orElse(h.Version, p.From))
	c, busy := pending(s.State.Head, h.Command)
	if busy && c.Kind == rollout.Update {
		r.version = s.way(i)
	}
	if p.From == "" && h.Version == "" && !h.Begun {
		r.exposure = "" // there is nothing yet that could be open to anybody
	}
	switch {
	case busy:
		r.activity = s.Active.Render(doing(s.State.Head, c.Kind, c.Exposure)) + s.Faint.Render(since(c, s.Now))
	case h.Failure != "":
		r.activity = s.Bad.Render(string(h.Outcome)) + reason(h.Failure)
	case h.Owed:
		r.activity = s.Warn.Render("owed the change")
	case h.Rehearsed && h.Restored && !s.goingBack():
		r.activity = s.Good.Render("rehearsed going back")
	case h.Restored:
		r.activity = s.Good.Render("restored")
	}
	return r
}

// way is a host's version and the one it is brought to.
func (s Screen) way(i int) string {
	return Version(s.State.Plan.Hosts[i].From) + " " + s.Arrow + " " + s.State.Plan.Release.Version
}

// since says for how long a command has run, once that is worth a word.
func since(c rollout.Pending, now time.Time) string {
	d := now.Sub(c.At)
	if c.At.IsZero() || d < time.Second {
		return ""
	}
	return "  " + Short(d)
}

func (s Screen) hostMark(h rollout.HostState) string {
	switch {
	case h.Command != 0:
		return s.Active.Render(s.Current)
	case h.Failure != "" && !h.Restored:
		return s.Bad.Render(s.Failed)
	case h.Restored:
		return s.Good.Render(s.Back)
	case h.Updated:
		return s.Good.Render(s.Done)
	}
	return s.Faint.Render(s.Later)
}

func (s Screen) exposure(e rollout.Exposure) string {
	switch e {
	case rollout.Live:
		return "live"
	case rollout.Internal:
		return s.Warn.Render("internal")
	case rollout.None:
		return s.Faint.Render(noTraffic)
	}
	return ""
}

// groups draws one row a stage that counts its hosts, then the hosts with failures.
func (s Screen) groups(order []int, room int) []string {
	rows := s.groupRows()
	var bad []int
	for _, i := range order {
		if s.State.Hosts[i].Failure != "" {
			bad = append(bad, i)
		}
	}
	left := room - len(rows)
	if left < 1 || len(bad) == 0 {
		return rows[:min(len(rows), room)]
	}
	hidden := 0
	if len(bad) > left {
		hidden = len(bad) - left + 1
		bad = bad[:left-1]
	}
	rows = append(rows, s.hostRows(bad)...)
	if hidden > 0 {
		rows = append(rows, s.Bad.Render(fmt.Sprintf("%s and %s more failed", s.Failed, Count(hidden, "host"))))
	}
	return rows
}

// groupRows counts the hosts of each stage by what they are doing.
func (s Screen) groupRows() []string {
	name, count := 0, 0
	for _, st := range s.State.Plan.Stages {
		name, count = max(name, len(st.Name)), max(count, len(Count(len(st.Hosts()), "host")))
	}
	at := map[string]int{}
	for i, h := range s.State.Plan.Hosts {
		at[h.Name] = i
	}
	var rows []string
	for _, st := range s.State.Plan.Stages {
		hosts := st.Hosts()
		if len(hosts) == 0 {
			continue
		}
		rows = append(rows, fit(st.Name, name)+"  "+fit(Count(len(hosts), "host"), count)+"  "+s.tally(hosts, at))
	}
	return rows
}

// tally counts hosts by state, in a fixed order.
func (s Screen) tally(hosts []string, at map[string]int) string {
	counts := map[string]int{}
	for _, name := range hosts {
		counts[s.stateWord(at[name])]++
	}
	text := ""
	for _, word := range []string{"failed", "at work", "restored", "updated", "to do"} {
		if counts[word] == 0 {
			continue
		}
		if text != "" {
			text += " " + s.Dot + " "
		}
		text += fmt.Sprintf("%d %s", counts[word], word)
	}
	return text
}

func (s Screen) stateWord(i int) string {
	h := s.State.Hosts[i]
	switch {
	case h.Command != 0:
		return "at work"
	case h.Restored:
		return "restored"
	case h.Failure != "":
		return "failed"
	case h.Updated:
		return "updated"
	}
	return "to do"
}
