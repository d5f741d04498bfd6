package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// seat is where a host stands in the plan.
type seat struct {
	rollout.Host
	stage, wave int
}

// seats are the hosts in the order in which they are changed.
func (t *page) seats() []seat {
	byName := map[string]rollout.Host{}
	for _, h := range t.plan.Hosts {
		byName[h.Name] = h
	}
	var all []seat
	for i, s := range t.plan.Stages {
		for j, wave := range s.Waves {
			for _, name := range slices.SortedFunc(slices.Values(wave), fleet.Compare) {
				all = append(all, seat{byName[name], i, j})
			}
		}
	}
	return all
}

// hosts prints each host, or what is true of many.
func (t *page) hosts() {
	t.section("HOSTS")
	if len(t.plan.Hosts) > few {
		t.crowd()
		return
	}
	rows := [][]string{{"host", "zone", "now", "next", "stage", "wave", "goes back"}}
	for _, s := range t.seats() {
		stage := t.plan.Stages[s.stage]
		wave := "-"
		if len(stage.Waves) > 1 {
			wave = fmt.Sprintf("%d/%d", s.wave+1, len(stage.Waves))
		}
		rows = append(rows, []string{s.Name, zone(s.Zone), installed(s.From), t.plan.Release.Version, stage.Name, wave, goesBack(s.Back)})
	}
	if tooWide(rows) {
		t.tall(rows[1:])
		return
	}
	t.table(rows)
}

// tall prints hosts whose names and versions are long on two lines each.
func (t *page) tall(rows [][]string) {
	for _, r := range rows {
		place := r[4]
		if r[5] != "-" {
			place += ", wave " + r[5]
		}
		if r[1] != "-" {
			place += ", zone " + r[1]
		}
		t.line("  %s  (%s)", r[0], place)
		for _, part := range wrap(fmt.Sprintf("%s to %s; goes back: %s", r[2], r[3], r[6]), width-6) {
			t.line("      %s", part)
		}
	}
}

func zone(z string) string {
	if z == "" {
		return "-"
	}
	return z
}

// goesBack says in words how a host returns.
func goesBack(b rollout.Back) string {
	switch b.How {
	case "relink":
		return "link, " + b.Where
	case "package":
		return "package, " + b.Where
	case "remove":
		return "removed again"
	}
	return b.How
}

// table prints rows with a heading.
func (t *page) table(rows [][]string) {
	rows = withoutEmpty(rows)
	for _, line := range aligned(rows) {
		t.line("  %s", line)
	}
}

// aligned makes columns of rows.
func aligned(rows [][]string) []string {
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for k, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", wide[k]-len([]rune(cell))+2))
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// tooWide reports whether a table does not fit on the page.
func tooWide(rows [][]string) bool {
	return slices.ContainsFunc(aligned(withoutEmpty(rows)), func(line string) bool { return len([]rune(line)) > width-2 })
}

// withoutEmpty drops columns in which no host has anything.
func withoutEmpty(rows [][]string) [][]string {
	var keep []int
	for i := range rows[0] {
		if len(rows) == 1 || slices.ContainsFunc(rows[1:], func(row []string) bool { return row[i] != "-" }) {
			keep = append(keep, i)
		}
	}
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, k := range keep {
			out[i] = append(out[i], row[k])
		}
	}
	return out
}

// likeness is what many hosts have in common.
type likeness struct {
	stage int
	from  string
	back  string
}

// crowd prints what is true of many hosts at once, by stage.
func (t *page) crowd() {
	var order []likeness
	hosts, zones := map[likeness][]string{}, map[likeness]map[string]int{}
	for _, s := range t.seats() {
		l := likeness{s.stage, s.From, goesBack(s.Back)}
		if hosts[l] == nil {
			order = append(order, l)
			zones[l] = map[string]int{}
		}
		hosts[l] = append(hosts[l], s.Name)
		zones[l][s.Zone]++
	}
	rows := [][]string{{"hosts", "now", "next", "stage", "goes back"}}
	for _, l := range order {
		rows = append(rows, []string{strconv.Itoa(len(hosts[l])), installed(l.from), t.plan.Release.Version, t.plan.Stages[l.stage].Name, l.back})
	}
	t.table(rows)
	t.line("")
	for _, l := range order {
		t.item(2, t.plan.Stages[l.stage].Name, "%s from %s: %s%s", plural(len(hosts[l]), "host", "hosts"), installed(l.from), names(hosts[l], 180), zonesOf(zones[l]))
	}
	t.line("  Every host with its wave: --output json")
}

// zonesOf tells how many hosts are in each zone, when there are zones.
func zonesOf(count map[string]int) string {
	if len(count) < 2 {
		return ""
	}
	var all []string
	for z := range count {
		all = append(all, z)
	}
	slices.SortFunc(all, fleet.Compare)
	for i, z := range all {
		all[i] = fmt.Sprintf("%s %d", zone(z), count[z])
	}
	return "; by zone: " + strings.Join(all, ", ")
}
