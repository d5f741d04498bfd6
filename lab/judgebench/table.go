package judgebench

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
)

// table is the one table: streams by judges.
func (r Report) table() string {
	var b strings.Builder
	b.WriteString("| stream | judge | false alarms | | held | errors 3x | errors 10x | latency +30 % | memory +2 %/min |\n|---|---|---:|---|---:|---|---|---|---|\n")
	faults := []string{"errors 3x", "errors 10x", "latency +30 %", "memory +2 %/min"}
	for _, s := range r.Config.Streams {
		for i, judge := range names(r.Config.Contenders) {
			healthy := r.row(key{s.Name, judge, stream.Healthy().Name, stream.Cell{}})
			name := ""
			if i == 0 {
				name = "**" + s.Name + "**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |", name, judge, alarms(healthy), healthy.Kept.words(), percent(healthy.Held, healthy.N))
			for _, f := range faults {
				fmt.Fprintf(&b, " %s |", found(r.row(key{s.Name, judge, f, Usual()})))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func alarms(row Row) string {
	if row.N == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d (≤ %s)", row.Aborted, row.N, share100(row.Upper))
}

func (k Kept) words() string {
	switch k {
	case KeptSurely, KeptSeen:
		return "**kept**"
	case Unclear:
		return "*unclear*"
	case Broken:
		return "broken"
	}
	return ""
}

// found is a cell about a bad release: time, requests, missed.
func found(row Row) string {
	if row.N == 0 {
		return ""
	}
	if row.Early == row.N {
		return "aborted before it set in"
	}
	missed := ""
	if m := row.Missed(); m > 0 {
		missed = fmt.Sprintf(", missed %s", share100(m))
	}
	if row.Seconds == nil {
		return strings.TrimPrefix(missed, ", ")
	}
	return fmt.Sprintf("%s, %s hurt%s", span(*row.Seconds), count(*row.Hurt), missed)
}

func count(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func percent(k, n int) string {
	if n == 0 || k == 0 {
		return ""
	}
	return share100(float64(k) / float64(n))
}

// share100 is a share in per cent, with as many digits as it needs.
func share100(v float64) string {
	switch {
	case v >= 0.0995:
		return fmt.Sprintf("%.0f %%", 100*v)
	case v >= 0.00995:
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}

// cells is Slipway by rate and share, on the steady stream and pooled over all.
func (r Report) cells() string {
	var b strings.Builder
	ours := r.Config.Contenders[0].Name
	fmt.Fprintf(&b, "%s, steady; and false alarms on all streams together.\n\n", ours)
	b.WriteString("| requests/s | canary | false alarms | held | errors 3x | errors 10x | latency +30 % |\n|---:|---:|---:|---:|---|---|---|\n")
	for _, c := range r.Config.Cells {
		all := Row{}
		for _, s := range r.Config.Streams {
			row := r.row(key{s.Name, ours, stream.Healthy().Name, c})
			if s.Like == "" {
				all.N, all.Aborted, all.Held = all.N+row.N, all.Aborted+row.Aborted, all.Held+row.Held
			}
		}
		all.Upper = upper(all.Aborted, all.N)
		fmt.Fprintf(&b, "| %.0f | %.0f %% | %s | %s |", c.Rate, 100*c.Share, alarms(all), percent(all.Held, all.N))
		for _, f := range []string{"errors 3x", "errors 10x", "latency +30 %"} {
			fmt.Fprintf(&b, " %s |", found(r.row(key{"steady", ours, f, c})))
		}
		b.WriteString("\n")
	}
	return b.String()
}
