package metric

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// HAProxy counts errors per server from the balancers' own statistics: no other
// metrics are needed to judge a listener. It is for one goroutine.
type HAProxy struct {
	setup   rollout.HAProxy
	clients []*haproxy.Client
	last    []snapshot // one a client; nil before the first answer of all
}

// snapshot is one balancer's counters at one moment.
type snapshot struct {
	process haproxy.Info
	counts  map[seat]count
}

type seat struct{ backend, server string }

// count is what a server did since its balancer started.
type count struct {
	begun     int64 // requests given to it, repeated tries too
	elsewhere int64 // tries that were repeated, or went on at another server
	errors    int64
}

var _ engine.Source = (*HAProxy)(nil)

// NewHAProxy returns the source for the balancers of a plan.
func NewHAProxy(pool *haproxy.Pool, plan *rollout.Plan) (*HAProxy, error) {
	if plan.Traffic == nil || plan.Traffic.HAProxy == nil || len(plan.Traffic.HAProxy.Sockets) == 0 {
		return nil, errors.New("source haproxy needs the balancers of traffic.haproxy.sockets")
	}
	h := &HAProxy{setup: *plan.Traffic.HAProxy}
	for _, address := range h.setup.Sockets {
		c, err := pool.Client(address)
		if err != nil {
			return nil, err
		}
		h.clients = append(h.clients, c)
	}
	return h, nil
}

// Sample sums a host's counters over balancers, and over the public and the internal
// backend: an error is the host's, whoever asked. A balancer that does not answer
// is an error, and the next answer then covers the time since the last one. What a
// reload or a reset of its counters has hidden is left out for that balancer.
func (h *HAProxy) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	now := make([]snapshot, len(h.clients))
	for i, c := range h.clients {
		s, err := h.read(ctx, c)
		if err != nil {
			return nil, err
		}
		now[i] = s
	}
	last := h.last
	h.last = now
	if last == nil {
		return nil, nil
	}
	var samples []engine.Sample
	for _, host := range hosts {
		s, known, err := h.since(host, last, now)
		if err != nil {
			return nil, err
		}
		if known {
			samples = append(samples, s)
		}
	}
	return samples, nil
}

func (h *HAProxy) read(ctx context.Context, c *haproxy.Client) (snapshot, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return snapshot{}, err
	}
	s := snapshot{process: info, counts: map[seat]count{}}
	for _, backend := range h.backends() {
		stats, err := c.Stats(ctx, backend, -1)
		if err != nil {
			return snapshot{}, err
		}
		for _, st := range stats {
			s.counts[seat{backend, st.Server}] = counted(st)
		}
	}
	return s, nil
}

func (h *HAProxy) backends() []string {
	if h.setup.Internal == "" {
		return []string{h.setup.Public}
	}
	return []string{h.setup.Public, h.setup.Internal}
}

// counted reads one line. Errors are what a server answered with 5xx, what it
// did not answer or cut off (eresp, which has srv_abrt in it), and what could not be
// connected to it (econ); HAProxy counts a request in one of them only. Requests are
// the sessions without the tries that went on elsewhere.
func counted(st haproxy.Stat) count {
	return count{
		begun:     st.Total,
		elsewhere: st.Retries + st.Redispatch,
		errors:    st.Status5xx + st.RespErrors + st.ConnErrors,
	}
}

// since is what a host did between two snapshots; not known when counters of no
// balancer reach back to the first.
func (h *HAProxy) since(host string, last, now []snapshot) (sample engine.Sample, known bool, err error) {
	sample = engine.Sample{Host: host, Metric: "errors"}
	server := host
	if h.setup.Server != "" {
		server = strings.ReplaceAll(h.setup.Server, "{{host}}", host)
	}
	for i := range now {
		var sum count
		ok := now[i].process == last[i].process
		for _, backend := range h.backends() {
			d, reaches, found := difference(seat{backend, server}, last[i], now[i])
			if !found {
				return sample, false, fmt.Errorf("errors of %s: %s/%s on %s: %w", host, backend, server, h.clients[i].Address(), haproxy.ErrNoServer)
			}
			ok = ok && reaches
			sum.add(d)
		}
		if ok {
			known = true
			sample.Events += float64(sum.errors)
			sample.Exposure += float64(max(0, sum.begun-sum.elsewhere))
		}
	}
	// A request ends, perhaps with an error, later than it is counted as begun.
	sample.Exposure = max(sample.Exposure, sample.Events)
	return sample, known, nil
}

// difference is what one server did between two snapshots of a balancer. It does not
// reach back when a counter is new or went backwards.
func difference(at seat, last, now snapshot) (d count, reaches, found bool) {
	old, had := last.counts[at]
	is, found := now.counts[at]
	if !had || !found || is.begun < old.begun || is.errors < old.errors || is.elsewhere < old.elsewhere {
		return count{}, false, found
	}
	return count{is.begun - old.begun, is.elsewhere - old.elsewhere, is.errors - old.errors}, true, true
}

func (c *count) add(d count) {
	c.begun += d.begun
	c.elsewhere += d.elsewhere
	c.errors += d.errors
}
