package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
)

// renew keeps the lease. It goes by real time, as the journal does: the lease is
// about processes, not about the rollout.
func (d *drive) renew(ctx context.Context) {
	beat := time.NewTicker(d.Hold / 4)
	defer beat.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		err := d.Journal.Renew(ctx, d.lease, d.Hold)
		switch {
		case err == nil:
			last = time.Now()
		case errors.Is(err, journal.ErrStale):
			d.fail(err)
			return
		case time.Since(last) > d.Hold:
			// Nobody may have taken over, but nothing can be journalled either.
			d.fail(fmt.Errorf("the lease could not be renewed for %s: %w", d.Hold, err))
			return
		}
	}
}
