package notifybench

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	s := time.Second
	rows := []Row{
		{Name: without, Rollouts: []time.Duration{10 * s, 12 * s, 8 * s}, Commands: []time.Duration{20 * s, 20 * s, 20 * s}},
		{Name: "slow", Rollouts: []time.Duration{11 * s, 11 * s, 11 * s}, Commands: []time.Duration{20 * s, 22 * s, 30 * s}},
	}
	if r, c := Ratio(rows, 1); r != 1.1 || c != 1.1 {
		t.Errorf("ratios %v and %v, want 1.1", r, c)
	}
	table := Table(Config{Rounds: 3, Hosts: 4, Bake: 5 * s}, rows)
	if !strings.Contains(table, "| slow |  | 11.00 s | 1.100 | 22.00 s | 1.100 |") {
		t.Errorf("the table:\n%s", table)
	}
	page, err := Place("before\n"+begin+"old\n"+end+"after\n", table)
	if err != nil || strings.Contains(page, "old") || !strings.HasPrefix(page, "before\n") || !strings.HasSuffix(page, "after\n") || !strings.Contains(page, table) {
		t.Errorf("%v:\n%s", err, page)
	}
	if again, err := Place(page, table); err != nil || again != page {
		t.Errorf("written twice it changes: %v", err)
	}
	if _, err := Place("nothing", table); err == nil {
		t.Error("a page without a place got the table")
	}
	if m := median([]time.Duration{4 * s, 1 * s, 2 * s, 3 * s}); m != 2500*time.Millisecond {
		t.Errorf("median %s", m)
	}
}
