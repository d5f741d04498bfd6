package traffic

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
)

// drainHost takes a host out of all traffic: drain, so that people with a cookie may
// finish; then maint, because as long as cookies are honoured "no sessions" only
// holds until the next click. Maint ends no session that is under way.
func (r *run) drainHost(ctx context.Context, p *place) (engine.Report, error) {
	return engine.Report{}, each(p.seats, func(s *seat) error { return r.drainSeat(ctx, p, s) })
}

func (r *run) drainSeat(ctx context.Context, p *place, s *seat) error {
	before, err := s.client.Info(ctx)
	if err != nil {
		return err
	}
	left, err := r.closeSeat(ctx, s)
	if err != nil {
		return err
	}
	after, err := s.client.Info(ctx)
	if err != nil {
		return err
	}
	if after != before {
		// The new process may have begun with the configuration's states, and the
		// old one may still be serving what nobody can count.
		p.note("%s was reloaded during the drain: sessions of its old process cannot be seen", s.client.Address())
		if left, err = r.closeSeat(ctx, s); err != nil {
			return err
		}
	}
	if left > 0 {
		p.note("%s: sessions still open after %s: %d; changing the host ends them", s, r.drain, left)
	}
	return nil
}

// closeSeat leads a server to maint and returns how many sessions outlasted the wait.
// A server that is in maint is not opened to cookies again by draining it.
func (r *run) closeSeat(ctx context.Context, s *seat) (int64, error) {
	start := time.Now()
	server, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	if server.Admin == haproxy.Ready {
		if err := s.set(ctx, haproxy.Drain); err != nil {
			return 0, err
		}
	}
	if server.Admin != haproxy.Maint {
		// A quarter is kept for what persistence sends until the very end.
		if _, err := r.quiet(ctx, s, r.drain*3/4); err != nil {
			return 0, err
		}
		if err := s.set(ctx, haproxy.Maint); err != nil {
			return 0, err
		}
	}
	left, err := r.quiet(ctx, s, max(0, r.drain-time.Since(start)))
	if err != nil {
		return 0, err
	}
	server, err = s.read(ctx)
	if err == nil && server.Admin != haproxy.Maint {
		err = fmt.Errorf("%s is %s again right after maint was set: something else sets it", s, server.Admin)
	}
	return left, err
}

// quiet waits until a server has no sessions and no queue, and returns how many
// are left. Two looks must agree: a request is on its way to a server for a moment
// before it is counted there.
func (r *run) quiet(ctx context.Context, s *seat, limit time.Duration) (int64, error) {
	var left int64
	zeros := 0
	_, err := poll(ctx, limit, func() (bool, error) {
		st, err := s.stat(ctx)
		if err != nil {
			return false, err
		}
		if left = st.Sessions + st.Queued; left > 0 {
			zeros = 0
			return false, nil
		}
		zeros++
		return zeros == 2, nil
	})
	return left, err
}
