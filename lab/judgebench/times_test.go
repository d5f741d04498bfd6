package judgebench

import (
	"strings"
	"testing"
)

func TestTimes(t *testing.T) {
	if raceDetector {
		t.Skip("it only computes, and the race detector would make it take minutes")
	}
	t.Parallel()
	table, err := Times(t.Context(), 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(table), "\n")
	if len(rows) != 2+len(timedRows()) {
		t.Fatalf("%d lines, want a head of two and %d rows:\n%s", len(rows), len(timedRows()), table)
	}
	for _, row := range rows {
		if strings.Count(row, "|") != strings.Count(rows[0], "|") {
			t.Errorf("not as many columns as the head: %s", row)
		}
	}
	if again, err := Times(t.Context(), 3, 1); err != nil || again != table {
		t.Errorf("the same seeds give another table (%v):\n%s\n%s", err, again, table)
	}
}
