package journal

import (
	"context"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// poll is how often Watch looks for what other processes wrote.
const poll = 100 * time.Millisecond

// Watch waits until a rollout has events after a number, whichever process wrote
// them, and returns them in order. It ends early with ctx's error.
func (j *Journal) Watch(ctx context.Context, id string, after int) ([]rollout.Event, error) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		news := j.listen()
		seq, err := j.Seq(ctx, id)
		if err != nil {
			return nil, err
		}
		if seq > after {
			return j.Events(ctx, id, after)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-news:
		case <-ticker.C:
		}
	}
}

// listen returns a channel that closes when this process commits something.
func (j *Journal) listen() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.news
}
