package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// judged is a manifest whose canary judges one metric.
func judged(metric string) []byte {
	return fmt.Appendf(nil, "service: checkout\nartifact: {deb: {}}\nenvironments:\n  production:\n    method: {ansible: {inventory: hosts.yaml}}\n    stages:\n      - canary: {judge: {m: %s}}\n      - complete:\n", metric)
}

// TestTolerances: what is tolerated and what passes, of each kind of metric, written
// and not.
func TestTolerances(t *testing.T) {
	t.Parallel()
	const histogram = `source: {prometheus: {address: "http://p:9090", buckets: b}}`
	for _, c := range []struct {
		metric       string
		worse, below float64
	}{
		{"{source: restarts}", WorseBy(Counts), 0},
		{"{source: memory}", WorseBy(Gauge), 0},
		{"{" + histogram + "}", WorseBy(Histogram), 0},
		{"{source: restarts, worse_by: 2.5x}", 2.5, 0},
		{"{source: restarts, worse_by: 1.1x, pass_below: 11x}", 1.1, 11},
		{"{source: restarts, worse_by: 1x, pass_below: 1x}", 1, 1},
		{"{source: memory, worse_by: 1.2x, pass_below: 1.5x}", 1.2, 1.5},
		{"{source: {newrelic: {account: 1, key: env:K, value: q}}, better: higher, worse_by: 1.2x, pass_below: 2x}", 1.2, 2},
		{"{" + histogram + ", worse_by: 1.25x, pass_below: 12.5x}", 1.25, 12.5},
		{"{source: restarts, worse_by: 999.999x, pass_below: 999.999x}", 999.999, 999.999},
		{"{source: restarts, worse_by: 2x, pass_below: 2x, dry_run: true}", 2, 2},
	} {
		m, err := Parse(Name, judged(c.metric))
		if err != nil {
			t.Errorf("%s: %v", c.metric, err)
			continue
		}
		got := m.Environments[0].Stages[0].Judge[0]
		if got.WorseBy != c.worse || got.PassBelow != c.below {
			t.Errorf("%s: worse_by %v and pass_below %v, want %v and %v", c.metric, got.WorseBy, got.PassBelow, c.worse, c.below)
		}
	}
}

// TestWritable: the most that pass_below is told to be is taken, and a thousandth more is
// not, whatever worse_by is.
func TestWritable(t *testing.T) {
	t.Parallel()
	for thousandths := 1000; thousandths <= 999_999; thousandths++ {
		most := 10 * (float64(thousandths) / 1000)
		told, err := strconv.ParseFloat(strings.TrimSuffix(printRatio(writable(most)), "x"), 64)
		next := math.Round(told*1000+1) / 1000
		if err != nil || told > most || (next <= most && next < 1000) {
			t.Fatalf("worse_by %v: %v is told, %v, and %v is the most", float64(thousandths)/1000, told, err, most)
		}
	}
}
