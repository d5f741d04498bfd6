package traffic

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// expose opens a host as far as its command says, and no further.
func (r *run) expose(ctx context.Context, p *place) (engine.Report, error) {
	switch r.job.Command.Exposure {
	case rollout.None:
		return r.drainHost(ctx, p)
	case rollout.Internal:
		return engine.Report{}, r.exposeInternal(ctx, p)
	case rollout.Live:
		return engine.Report{}, r.exposeLive(ctx, p)
	}
	return engine.Report{}, fmt.Errorf("exposure %q: allowed are none, internal and live", r.job.Command.Exposure)
}

// exposeInternal closes the public backend for certain before it opens the internal one.
func (r *run) exposeInternal(ctx context.Context, p *place) error {
	err := each(p.side(true), func(s *seat) error {
		server, err := s.read(ctx)
		if err != nil || server.Admin == haproxy.Maint {
			return err
		}
		return s.set(ctx, haproxy.Maint)
	})
	if err != nil {
		return err
	}
	return r.open(ctx, p.side(false))
}

// exposeLive opens the public backend where it was open before, and puts the
// internal one back to what it was. What a person had closed stays closed.
func (r *run) exposeLive(ctx context.Context, p *place) error {
	was, err := r.recordOf(p)
	if err != nil {
		return err
	}
	var opened, closed []*seat
	for _, s := range p.side(true) {
		if was[s].State == haproxy.Ready {
			opened = append(opened, s)
			continue
		}
		closed = append(closed, s)
		p.note("%s stays in %s, as it was before the rollout", s, was[s].State)
	}
	err = r.open(ctx, opened)
	if err == nil {
		err = r.settle(ctx, append(closed, p.side(false)...), was)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The host now counts as out of service and may be changed at once: what was opened
	// before the trouble, by this try or an earlier one, is closed again.
	return errors.Join(err, each(opened, func(s *seat) error { return s.set(ctx, haproxy.Maint) }))
}
