package record

import (
	"fmt"

	"github.com/slipway-deploy/slipway/internal/judge"
)

// heaps is what tells that the buckets of a histogram are heaped up: that each holds what is in those before
// it, too, as Prometheus has them.
type heaps struct {
	line  uint32 // the first
	lines int    // that have something below the last edge
	falls bool   // a bucket held less than the one before it
}

func (h *heaps) add(line uint32, buckets []judge.Bucket) {
	lower, last := false, len(buckets)-1
	for i, b := range buckets[:last] {
		lower = lower || b.Count > 0
		h.falls = h.falls || buckets[i+1].Count < b.Count
	}
	if lower {
		h.lines++
	}
	if h.line == 0 {
		h.line = line
	}
	h.falls = h.falls || last < 2 // of one edge nothing can be told
}

// heaped refuses histograms that are evidently cumulative.
func (r *Record) heaped() error {
	const few = 3
	for _, m := range r.metrics {
		if m.heaps.lines >= few && !m.heaps.falls {
			return fmt.Errorf("line %d: buckets: here and in all lines of metric %q no count is below the one before it: found are cumulative buckets, as Prometheus has them; wanted is what each bucket holds alone: take from each count the one before it", m.heaps.line, m.name)
		}
	}
	return nil
}
