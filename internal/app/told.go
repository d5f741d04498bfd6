package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/channel"
	"github.com/slipway-deploy/slipway/internal/notify/outbox"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/secret"
)

// telling delivers what is to be told, beside what else the process does.
type telling struct {
	opener    *channel.Opener
	deliverer *outbox.Deliverer
	began     time.Time
}

// tell begins to deliver. It outlives ctx: what happens while a rollout is paused is
// told, too.
func (a *App) tell(ctx context.Context) *telling {
	opener := channel.New(secret.Resolve)
	return &telling{opener, outbox.Start(context.WithoutCancel(ctx), a.journal, opener.Open, outbox.Pace{}), time.Now()}
}

// end gives what is left a moment, and channels that take it some more, and ends. What does
// not arrive then stays for the next process: a channel that does not answer holds nobody up. The error is the
// journal's, and nothing to the rollout.
func (t *telling) end(ctx context.Context, hurry bool) error {
	if !hurry {
		t.deliverer.Linger(context.WithoutCancel(ctx), outbox.Grace(time.Since(t.began)))
	}
	err := t.deliverer.Close()
	t.opener.Close()
	return err
}

// Deliver tries to deliver all that is due, of every rollout, for at most a time.
func (a *App) Deliver(ctx context.Context, most time.Duration) error {
	t := a.tell(ctx)
	t.deliverer.Flush(ctx, most)
	return t.end(ctx, true)
}

// Tried is what became of the test of one channel.
type Tried struct {
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	Error   string `json:"error,omitempty"` // empty: it works
}

// TryChannels tries every channel of an environment: by asking it where that leaves no
// mark, and by a message that says that it is a test.
func (a *App) TryChannels(ctx context.Context, r PlanRequest, each func(Tried)) error {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return err
	}
	env, err := p.Environment(r.Environment)
	if err != nil {
		return &Error{Kind: Misconfigured, Err: err}
	}
	opener := channel.New(secret.Resolve)
	defer opener.Close()
	for _, c := range plan.Channels(p.Manifest, env) {
		if err := ctx.Err(); err != nil {
			return err
		}
		tried := Tried{Channel: c.Name, Kind: c.Kind}
		if err := a.try(ctx, opener, c, p.Service, env.Name); err != nil {
			tried.Error = err.Error()
		}
		each(tried)
	}
	return nil
}

func (a *App) try(ctx context.Context, opener *channel.Opener, c rollout.Channel, service, environment string) error {
	n, err := opener.Open(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return notify.Try(ctx, n, notify.Sample(service, environment, a.cfg.By, a.cfg.Now()))
}

// Missing names the secrets of a plan that this process cannot read: whoever drives the
// rollout must be able to.
func Missing(p *rollout.Plan) []string {
	var all []string
	look := func(what string, secrets map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			if _, err := secret.Resolve(secrets[name]); err != nil {
				all = append(all, fmt.Sprintf("%s: %s: %v", what, name, err))
			}
		}
	}
	for _, c := range p.Notify {
		look("channel "+c.Name, c.Secrets)
	}
	for _, s := range p.Stages {
		for _, m := range s.Metrics {
			if m.Ask != nil {
				look("metric "+m.Name+" of "+s.Name, m.Ask.Secrets)
			}
		}
	}
	return all
}

// Deliveries returns what is to be told of a rollout, or was, to each channel, in order.
func (a *App) Deliveries(ctx context.Context, id string) ([]journal.Delivery, error) {
	return a.journal.Deliveries(ctx, id)
}

// Untold returns the deliveries of a rollout that have not arrived: those that are still
// tried, and those that were given up.
func (a *App) Untold(ctx context.Context, id string) ([]journal.Delivery, error) {
	all, err := a.journal.Deliveries(ctx, id)
	if err != nil {
		return nil, err
	}
	left := []journal.Delivery{}
	for _, d := range all {
		if d.Delivered.IsZero() {
			left = append(left, d)
		}
	}
	return left, nil
}
