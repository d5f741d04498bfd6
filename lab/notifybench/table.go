package notifybench

import (
	"fmt"
	"strings"
)

// The table of docs/notify.md lies between these lines.
const (
	begin = "<!-- bench: begin -->\n"
	end   = "<!-- bench: end -->\n"
)

// Table is the measurement as a table.
func Table(cfg Config, rows []Row) string {
	var b strings.Builder
	b.WriteString("| channel | | rollout, median | ratio | the whole command | ratio |\n|---|---|---:|---:|---:|---:|\n")
	for i, r := range rows {
		rollouts, commands := Ratio(rows, i)
		fmt.Fprintf(&b, "| %s | %s | %.2f s | %.3f | %.2f s | %.3f |\n", r.Name, r.About,
			median(r.Rollouts).Seconds(), rollouts, median(r.Commands).Seconds(), commands)
	}
	fmt.Fprintf(&b, "\nMedians of %d rounds, in each of which every contender deploys once to a local fleet of %d hosts, with a bake of %s.\n", cfg.Rounds, cfg.Hosts, cfg.Bake)
	return b.String()
}

// Place puts the table into a page.
func Place(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		return "", fmt.Errorf("the page has no place for the table: lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + table + "\n" + end + after, nil
}
