package judgebench

import (
	"flag"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab/judgebench/stream"
	"gonum.org/v1/gonum/stat/distuv"
)

var rollouts = flag.Int("rollouts", 9, "healthy rollouts a stream in TestPromises; a third as many of each bad release")

// The short form of the benchmark, of Slipway alone: false alarms on every stream, and
// how soon a steady fault is found. The seeds are fixed, so the counts are; the bounds
// are so wide that other seeds would hold them too, but for one run in a million.
func TestPromises(t *testing.T) {
	if raceDetector {
		t.Skip("nothing here is shared between workers but counters, and the race detector would make it take minutes")
	}
	t.Parallel()
	c := Full()
	c.Contenders, c.First, c.Workers = c.Contenders[:1], 1_000_000, 2
	c.Healthy, c.Bad, c.BadUsual, c.BadSteady = *rollouts, 0, max(3, *rollouts/3), 60
	r := run(t, c)
	ours, all := c.Contenders[0].Name, Row{}
	for _, s := range c.Streams {
		row := r.row(key{s.Name, ours, stream.Healthy().Name, stream.Cell{}})
		t.Logf("%s: %d false alarms of %d, %d held", s.Name, row.Aborted, row.N, row.Held)
		if unbelievable(row) {
			t.Errorf("%s: %d false alarms of %d", s.Name, row.Aborted, row.N)
		}
		if s.Like == "" {
			all.N, all.Aborted = all.N+row.N, all.Aborted+row.Aborted
		}
	}
	if unbelievable(all) {
		t.Errorf("all streams: %d false alarms of %d", all.Aborted, all.N)
	}
	for fault, most := range map[string]time.Duration{"errors 10x": time.Minute, "errors 3x": 8 * time.Minute} {
		row := r.row(key{promised, ours, fault, Usual()})
		t.Logf("%s: %s, missed %.0f %% of %d", fault, when(row), 100*row.Missed(), row.N)
		// Of few rollouts the median may be late by chance; half as late again it may not.
		if row.Seconds == nil || *row.Seconds > 1.5*most.Seconds() {
			t.Errorf("%s: found after %s in the median, want under %s", fault, when(row), most)
		}
	}
}

// unbelievable: so many false alarms, or more, would come once in a million if the promise held.
func unbelievable(row Row) bool {
	b := distuv.Binomial{N: float64(row.N), P: Alpha}
	return row.Aborted > 0 && 1-b.CDF(float64(row.Aborted-1)) < 1e-6
}
