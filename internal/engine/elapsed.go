package engine

import (
	"context"
	"time"

	"github.com/slipway-deploy/slipway/internal/judge"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// elapsed tells how long a stage has been watched, since its first bake began. Where this
// process begins is what the clock says, and never before the last look; from there on a
// clock that is set changes nothing, for real time knows how much of it passed.
type elapsed struct {
	clock Clock
	from  time.Time
	at    time.Duration // at from
}

func (d *drive) elapsed(seen *replay) elapsed {
	now := d.Clock.Now()
	return elapsed{clock: d.Clock, from: now, at: max(now.Sub(seen.origin), seen.last)}
}

func (e elapsed) now() time.Duration { return e.at + max(e.clock.Now().Sub(e.from), 0) }

// rest waits.
func (d *drive) rest(ctx context.Context, t time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.Clock.After(t):
		return nil
	}
}

// silence is how long nobody may have looked until that is worth telling.
const silence = 30 * time.Second

// unwatched tells the judge of a time in which nobody looked, because no process drove the
// rollout or it was paused: that is no silence of the canary's, and nobody knows what was.
func (d *drive) unwatched(ctx context.Context, seen *replay, stage rollout.Stage, at time.Duration) error {
	if at-seen.last <= silence {
		return nil
	}
	t := judge.Tick{At: at - time.Millisecond, Gaps: map[string]string{}} // the first look is at another time
	for _, m := range stage.Metrics {
		t.Gaps[m.Name] = "nobody looked: the rollout was paused, or no slipway drove it"
	}
	if err := d.keep(ctx, seen, t); err != nil {
		return err
	}
	seen.take(t)
	return nil
}
