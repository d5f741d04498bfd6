package engine

import (
	"context"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

const (
	// batch is how many results one transaction takes at most.
	batch = 512
	// gather is how long the first result waits for others to share its transaction.
	gather = 2 * time.Millisecond
)

// result is an event on its way to the journal.
type result struct {
	event rollout.Event
	kept  *sync.WaitGroup // done when the event is in the journal, or cannot be
}

// append writes results to the journal, those that come at nearly the same time in
// one transaction. After an error it takes results and drops them: the drive ends,
// and the next one runs their commands again.
func (d *drive) append(ctx context.Context) {
	broken := false
	for r := range d.results {
		results := d.gather(r)
		if !broken {
			events := make([]rollout.Event, len(results))
			for i, r := range results {
				events[i] = r.event
			}
			if _, err := d.Journal.Append(ctx, d.id, d.lease.Token, events...); err != nil {
				broken = true
				d.fail(err)
			}
		}
		for _, r := range results {
			r.kept.Done()
		}
	}
}

// gather collects the results that follow a first one closely.
func (d *drive) gather(first result) []result {
	results := []result{first}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	for len(results) < batch {
		select {
		case r, ok := <-d.results:
			if !ok {
				return results
			}
			results = append(results, r)
		case <-timer.C:
			return results
		}
	}
	return results
}
