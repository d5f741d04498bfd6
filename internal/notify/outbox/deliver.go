package outbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// deliver makes one attempt, and notes how it ended. Its error is the journal's.
func (d *Deliverer) deliver(ctx context.Context, one journal.Delivery) error {
	// What has happened is noted also when ctx ends meanwhile: or it would happen again.
	after := context.WithoutCancel(ctx)
	plan, err := d.store.Plan(ctx, one.Rollout)
	if err != nil {
		return err
	}
	channel, ok := find(plan, one.Channel)
	if !ok {
		return d.store.GiveUp(after, one, "the plan has no channel "+one.Channel)
	}
	remembered, err := d.store.Remembered(ctx, one.Rollout, one.Channel)
	if err != nil {
		return err
	}
	memory := notify.Memory{Text: remembered, Again: one.Attempts > 1}
	id, failure := d.send(ctx, channel, plan, one.Notice, &memory)
	if memory.Text != remembered {
		if err := d.store.Remember(after, one.Rollout, one.Channel, memory.Text); err != nil {
			return err
		}
	}
	d.took(one.Channel, failure == nil)
	if failure == nil {
		return d.store.Delivered(after, one, id)
	}
	if ctx.Err() != nil {
		// Nothing is wrong with the channel: the command that sent it has ended.
		return d.store.Failed(after, one, "interrupted: "+failure.Error(), time.Now())
	}
	return d.failed(after, one, failure)
}

func find(plan *rollout.Plan, name string) (rollout.Channel, bool) {
	for _, c := range plan.Notify {
		if c.Name == name {
			return c, true
		}
	}
	return rollout.Channel{}, false
}

func (d *Deliverer) send(ctx context.Context, c rollout.Channel, plan *rollout.Plan, n rollout.Notice, memory *notify.Memory) (string, error) {
	notifier, err := d.open(c)
	if err != nil {
		return "", fmt.Errorf("open channel %s: %w", c.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.pace.Attempt)
	defer cancel()
	return notifier.Send(ctx, notify.Fill(notify.Compose(plan, n), c), memory)
}

// failed notes when to try again, or gives up.
func (d *Deliverer) failed(ctx context.Context, one journal.Delivery, failure error) error {
	final, after := notify.Refused(failure)
	now := time.Now()
	if final && one.Attempts >= refusals || now.Sub(one.Notice.At) > Patience {
		return d.store.GiveUp(ctx, one, "given up: "+failure.Error())
	}
	wait := max(after, backoff(d.pace.First, one.Attempts, rand.Float64()))
	return d.store.Failed(ctx, one, failure.Error(), now.Add(wait))
}

// backoff is how long to wait after so many attempts: twice as long each time, up to
// five minutes, and of that between a half and all.
func backoff(first time.Duration, attempts int, luck float64) time.Duration {
	d := longest
	if attempts < 20 {
		d = min(d, first<<max(0, attempts-1))
	}
	return d/2 + time.Duration(luck*float64(d/2))
}
