package traffic

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
)

// giveBack puts a host's recorded state and weight back on every balancer, and
// reads them back to prove it. A host that is not healthy gets them back too, and is
// reported as unhealthy and equal: it is set as it was, and gets no request before the
// balancers' own checks succeed.
func (r *run) giveBack(ctx context.Context, p *place) (engine.Report, error) {
	was, err := r.recordOf(p)
	if err != nil {
		return engine.Report{}, err
	}
	unhealthy := r.settle(ctx, p.seats, was)
	if unhealthy != nil {
		if !errors.Is(unhealthy, errUnhealthy) || ctx.Err() != nil {
			return engine.Report{}, unhealthy
		}
		if err := r.leave(ctx, p.seats, was); err != nil {
			return engine.Report{}, errors.Join(unhealthy, err)
		}
	}
	err = each(p.seats, func(s *seat) error {
		server, err := s.read(ctx)
		if err != nil {
			return err
		}
		return difference(s, was[s], recorded(s, server))
	})
	return engine.Report{Equal: err == nil}, errors.Join(unhealthy, err)
}

// leave sets seats as they were recorded and leaves it to the balancer's checks when
// requests come. A server without checks cannot be left so, and stays closed.
func (r *run) leave(ctx context.Context, seats []*seat, was map[*seat]recordedSeat) error {
	return each(seats, func(s *seat) error {
		server, err := s.read(ctx)
		if err != nil || !server.Checked || server.Admin == was[s].State {
			return err
		}
		return r.setAsWas(ctx, s, server, was[s].State)
	})
}

// settle leads seats to their recorded weight and state. What was up is opened only
// when it is healthy again; what was down already is left to the balancer's checks.
func (r *run) settle(ctx context.Context, seats []*seat, was map[*seat]recordedSeat) error {
	var wanted []*seat
	for _, s := range seats {
		if was[s].State == haproxy.Ready && was[s].Up {
			wanted = append(wanted, s)
		}
	}
	err := each(seats, func(s *seat) error {
		server, err := s.read(ctx)
		if err != nil {
			return err
		}
		if err := setWeight(ctx, s, server, was[s].Weight); err != nil {
			return err
		}
		if server.Admin == was[s].State || (was[s].State == haproxy.Ready && was[s].Up) {
			return nil
		}
		return r.setAsWas(ctx, s, server, was[s].State)
	})
	if err != nil {
		return err
	}
	return r.open(ctx, wanted)
}

// setAsWas sets a state that needs no proof of health. A checked server that is to be
// ready although it was down first counts as down, so that it gets nothing before
// its checks succeed.
func (r *run) setAsWas(ctx context.Context, s *seat, server haproxy.Server, state haproxy.Admin) error {
	if state == haproxy.Ready && server.Checked {
		if err := s.client.Recheck(ctx, s.backend, s.server, true); err != nil {
			return err
		}
	}
	if state == haproxy.Ready {
		return r.admit(ctx, s)
	}
	return s.set(ctx, state)
}

// setWeight changes a weight only when it differs: algorithms with a fixed table
// refuse even the weight that a server has.
func setWeight(ctx context.Context, s *seat, server haproxy.Server, weight int) error {
	switch weight {
	case server.Weight:
		return nil
	case server.Initial:
		return s.client.ResetWeight(ctx, s.backend, s.server)
	}
	return s.client.SetWeight(ctx, s.backend, s.server, weight)
}

// difference says what is not as it was; whether checks hold it for up is not a
// state that anybody set.
func difference(s *seat, was, is recordedSeat) error {
	if was.State != is.State {
		return fmt.Errorf("%s is %s and was %s", s, is.State, was.State)
	}
	if was.Weight != is.Weight {
		return fmt.Errorf("%s has weight %d and had %d", s, is.Weight, was.Weight)
	}
	return nil
}
