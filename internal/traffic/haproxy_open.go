package traffic

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/haproxy"
)

var errUnhealthy = errors.New("not seen healthy")

// open makes seats ready, all of them or none: first every balancer must have seen
// the host healthy, then requests are let in everywhere. A seat that was opened for
// its checks only is closed again when another one fails.
func (r *run) open(ctx context.Context, seats []*seat) error {
	moved := make(map[*seat]*bool, len(seats))
	for _, s := range seats {
		moved[s] = new(bool)
	}
	err := each(seats, func(s *seat) error { return r.prove(ctx, s, moved[s]) })
	if err == nil {
		err = each(seats, func(s *seat) error { return r.letIn(ctx, s) })
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	shut := each(seats, func(s *seat) error {
		if !*moved[s] {
			return nil
		}
		return s.set(ctx, haproxy.Maint)
	})
	return errors.Join(err, shut)
}

// prove waits until the balancer's own checks have seen the host healthy after it
// was asked. In maint HAProxy makes no checks, and in drain it may still be telling
// of the time before the change: on leaving maint it finds out anew. moved is set
// once the seat is no longer as it was found.
func (r *run) prove(ctx context.Context, s *seat, moved *bool) error {
	server, err := s.read(ctx)
	if err != nil {
		return err
	}
	if server.Admin != haproxy.Ready {
		*moved = true
		if err := r.recheck(ctx, s, server); err != nil {
			return err
		}
		if server, err = s.read(ctx); err != nil {
			return err
		}
	}
	if server.Inherited != "" {
		return fmt.Errorf("%s cannot be opened by itself: it has the %s", s, server.Inherited)
	}
	var last haproxy.Stat
	seen, err := poll(ctx, r.up, func() (bool, error) {
		last, err = s.stat(ctx)
		return err == nil && healthy(last, *moved), err
	})
	if err != nil || seen {
		return err
	}
	return fmt.Errorf("%s: %w after %s: %s", s, errUnhealthy, r.up, said(last))
}

// recheck has the health found out anew. Where cookies lead to the server, or where one
// failed check is enough to take it down, it counts as down until proven; the
// other way is quicker.
func (r *run) recheck(ctx context.Context, s *seat, server haproxy.Server) error {
	st, err := s.stat(ctx)
	if err != nil {
		return err
	}
	force := server.Checked && st.Cookie != ""
	if err := s.client.Recheck(ctx, s.backend, s.server, force); err != nil || force || !server.Checked {
		return err
	}
	if st, err = s.stat(ctx); err != nil || st.Distinct() {
		return err
	}
	return s.client.Recheck(ctx, s.backend, s.server, true)
}

// healthy reports whether a server may be let in. Without checks of its own all that
// can be asked is that nothing holds it for down.
func healthy(st haproxy.Stat, rechecked bool) bool {
	if rechecked && st.Checked() {
		return st.Proven()
	}
	return !st.Down()
}

func said(st haproxy.Stat) string {
	text := "HAProxy says " + st.Status
	if st.CheckStatus != "" {
		text += ", check " + st.CheckStatus
	}
	if st.CheckText != "" {
		text += " (" + st.CheckText + ")"
	}
	return text
}

func (r *run) letIn(ctx context.Context, s *seat) error {
	if err := r.admit(ctx, s); err != nil {
		return err
	}
	server, err := s.read(ctx)
	if err == nil && server.Admin != haproxy.Ready {
		err = fmt.Errorf("%s is %s right after ready was set: something else sets it", s, server.Admin)
	}
	return err
}

// admit makes a seat ready, unless another process has the rollout by now and may just
// have closed it: balancers know no fencing token.
func (r *run) admit(ctx context.Context, s *seat) error {
	if r.job.Check != nil {
		if err := r.job.Check(ctx); err != nil {
			return fmt.Errorf("%s stays closed: %w", s, err)
		}
	}
	return s.set(ctx, haproxy.Ready)
}
