package judgebench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// ranking is who hurts fewest requests with a bad release on a stream, among the judges
// that keep false alarms there, in the usual cell.
type ranking struct {
	best string // empty when none of them finds it
	hurt float64
	ours Row
	// rank of Slipway; 0 when it does not find it, or does not keep false alarms.
	rank int
	next string // the best of the others, and its requests
	cost float64
	kept int // judges that keep false alarms
}

func (r Report) winner(s stream.Stream, f stream.Fault) ranking {
	var found []Row
	w := ranking{ours: r.row(key{s.Name, r.Config.Contenders[0].Name, f.Name, Usual()})}
	for _, judge := range names(r.Config.Contenders) {
		if !r.row(key{s.Name, judge, stream.Healthy().Name, stream.Cell{}}).Kept.holds() {
			continue
		}
		w.kept++
		if row := r.row(key{s.Name, judge, f.Name, Usual()}); row.Hurt != nil {
			found = append(found, row)
		}
	}
	slices.SortStableFunc(found, func(a, b Row) int { return cmp.Compare(*a.Hurt, *b.Hurt) })
	for i, row := range found {
		if i == 0 {
			w.best, w.hurt = row.Judge, *row.Hurt
		}
		if row.Judge == w.ours.Judge {
			w.rank = i + 1
		} else if w.next == "" {
			w.next, w.cost = row.Judge, *row.Hurt
		}
	}
	return w
}

// winners is the ranking on every stream.
func (r Report) winners() string {
	var b strings.Builder
	b.WriteString("In the median, at " + cellName(Usual()) + ", among the judges that keep false alarms on that stream.\n\n")
	b.WriteString("| stream | bad release | judges that keep false alarms | first | requests hurt | Slipway's place | best of the others |\n|---|---|---:|---|---:|---:|---|\n")
	for _, s := range r.Config.Streams {
		for _, f := range s.Faults() {
			w := r.winner(s, f)
			first, hurt, place, next := "none finds it", "", "", ""
			if w.best != "" {
				first, hurt = w.best, count(w.hurt)
			}
			if w.rank > 0 {
				place = fmt.Sprintf("%d.", w.rank)
			}
			if w.next != "" {
				next = fmt.Sprintf("%s, %s", w.next, count(w.cost))
			}
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s |\n", s.Name, f.Name, w.kept, first, hurt, place, next)
		}
	}
	return b.String()
}
