package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Targets of the project.
const (
	fasterThanCapistrano = 5.0
	fasterThanPlaybook   = 20.0
	timesFloor           = 2.0
)

// Row is one thing that was measured, once a round.
type Row struct {
	Name  string
	Times []time.Duration // sorted
}

func (r Row) median() time.Duration {
	n := len(r.Times)
	if n == 0 {
		return 0
	}
	return (r.Times[(n-1)/2] + r.Times[n/2]) / 2
}

// times collects rows, in the order in which they first came.
type times struct{ list []Row }

func (t *times) add(name string, took time.Duration) {
	i := slices.IndexFunc(t.list, func(r Row) bool { return r.Name == name })
	if i < 0 {
		i = len(t.list)
		t.list = append(t.list, Row{Name: name})
	}
	t.list[i].Times = append(t.list[i].Times, took)
}

func (t *times) rows() []Row {
	for _, r := range t.list {
		slices.Sort(r.Times)
	}
	return t.list
}

// Report is a whole run.
type Report struct {
	Date    time.Time
	Machine Machine
	Hosts   int
	Size    int64
	Rows    []Row
	Engine  Engine
}

// Table is the report as one table of Markdown.
func (r Report) Table() string {
	var b strings.Builder
	b.WriteString("| what | median | min - max | ratio of medians | wanted | |\n|---|---:|---:|---|---|---|\n")
	for _, name := range []string{updateSlipway, updateCapistrano, updatePlaybook, updateDefaults, floor, rollbackSlipway} {
		row := r.row(name)
		ratio, wanted, verdict := r.beside(row)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", row.Name, seconds(row.median()), spread(row), ratio, wanted, verdict)
	}
	e := r.Engine
	fmt.Fprintf(&b, "| Engine alone, 10,000 simulated hosts: events a second | %.0f | of %.0f events | | | |\n", e.EventsPerSecond, e.Events)
	fmt.Fprintf(&b, "| Engine alone: memory (heap, at most) | %.0f MB | | | | |\n", e.HeapMB)
	fmt.Fprintf(&b, "| Engine alone: journal | %.1f MB | | | | |\n", e.JournalMB)
	return b.String()
}

// row is the one of a name; one that was not measured has no times.
func (r Report) row(name string) Row {
	for _, row := range r.Rows {
		if row.Name == name {
			return row
		}
	}
	return Row{Name: name}
}

// beside sets a row beside Slipway's, or Slipway's rollback beside the floor.
func (r Report) beside(row Row) (ratio, wanted, verdict string) {
	update := r.row(updateSlipway).median()
	switch row.Name {
	case updateCapistrano:
		return faster(row.median(), update, fasterThanCapistrano)
	case updatePlaybook:
		return faster(row.median(), update, fasterThanPlaybook)
	case updateDefaults:
		ratio, _, _ = faster(row.median(), update, 0)
		return ratio, "", ""
	case floor:
		return slower(update, row.median(), "Slipway's update takes %.1fx this")
	case rollbackSlipway:
		return slower(row.median(), r.row(floor).median(), "takes %.1fx ansible -m raw")
	}
	return "", "", ""
}

func faster(other, ours time.Duration, least float64) (ratio, wanted, verdict string) {
	if ours == 0 || other == 0 {
		return "not measured", "", ""
	}
	x := other.Seconds() / ours.Seconds()
	return fmt.Sprintf("takes %.1fx Slipway's update", x), fmt.Sprintf("%.0fx or more", least), reached(x >= least)
}

func slower(ours, bottom time.Duration, says string) (ratio, wanted, verdict string) {
	if ours == 0 || bottom == 0 {
		return "not measured", "", ""
	}
	x := ours.Seconds() / bottom.Seconds()
	return fmt.Sprintf(says, x), fmt.Sprintf("%.0fx or less", timesFloor), reached(x <= timesFloor)
}

func reached(ok bool) string {
	if ok {
		return "reached"
	}
	return "missed"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func spread(r Row) string {
	if len(r.Times) == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f - %.1f s", r.Times[0].Seconds(), r.Times[len(r.Times)-1].Seconds())
}
