package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// HAProxy counts errors per server, and measures latency, from the balancers' own
// statistics: no other metrics are needed to judge a listener. It is for one goroutine.
type HAProxy struct {
	setup   rollout.HAProxy
	clients []*haproxy.Client
	metrics []rollout.Metric
	last    []snapshot // one a client; nil before the first answer of all
	// timed is when each host's latency was told last, by metric and host.
	timed map[string][]snapshot
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
	times     map[string]int64 // ms on average over its latest requests
}

// averaged is how many requests HAProxy takes its average times over. Two averages
// that are as many requests apart have next to nothing in common.
const averaged = 1024

var _ engine.Source = (*HAProxy)(nil)

// NewHAProxy returns the source for the balancers of a plan; without metrics it counts
// errors.
func NewHAProxy(pool *haproxy.Pool, plan *rollout.Plan, metrics ...rollout.Metric) (*HAProxy, error) {
	if plan.Traffic == nil || plan.Traffic.HAProxy == nil || len(plan.Traffic.HAProxy.Sockets) == 0 {
		return nil, errors.New("source haproxy needs the balancers of traffic.haproxy.sockets")
	}
	if len(metrics) == 0 {
		metrics = []rollout.Metric{{Name: "errors"}}
	}
	h := &HAProxy{setup: *plan.Traffic.HAProxy, metrics: metrics, timed: map[string][]snapshot{}}
	for _, address := range h.setup.Sockets {
		c, err := pool.Client(address)
		if err != nil {
			return nil, err
		}
		h.clients = append(h.clients, c)
	}
	return h, nil
}

// checkHAProxy says which times there are.
func checkHAProxy(m rollout.Metric, a rollout.Ask) error {
	if times := []string{"rtime", "ttime", "ctime", "qtime"}; m.Kind == rollout.Gauge && a.Value != "" && !slices.Contains(times, a.Value) {
		return fmt.Errorf("value is %q: allowed is %s", a.Value, strings.Join(times, ", "))
	}
	return nil
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
	var samples []engine.Sample
	var gaps engine.Gaps
	for _, m := range h.metrics {
		for _, host := range hosts {
			s, known, err := h.tell(m, host, last, now)
			if err != nil {
				gaps = append(gaps, engine.Gap{Metric: m.Name, Host: host, Reason: err.Error()})
			} else if known {
				samples = append(samples, s)
			}
		}
	}
	return samples, only(gaps)
}

// tell is one metric of one host.
func (h *HAProxy) tell(m rollout.Metric, host string, last, now []snapshot) (engine.Sample, bool, error) {
	server := host
	if h.setup.Server != "" {
		server = strings.ReplaceAll(h.setup.Server, "{{host}}", host)
	}
	if err := h.there(server, now); err != nil {
		return engine.Sample{}, false, err
	}
	if m.Kind == rollout.Gauge {
		return h.time(m, host, server, now)
	}
	if last == nil {
		return engine.Sample{}, false, nil
	}
	s, known := h.since(server, last, now)
	s.Host, s.Metric = host, m.Name
	return s, known, nil
}

// there says when a balancer does not have a server.
func (h *HAProxy) there(server string, now []snapshot) error {
	for i := range now {
		for _, backend := range h.backends() {
			if _, found := now[i].counts[seat{backend, server}]; !found {
				return fmt.Errorf("%s/%s on %s: %w", backend, server, h.clients[i].Address(), haproxy.ErrNoServer)
			}
		}
	}
	return nil
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
			s.counts[seat{backend, st.Server}] = lineOf(st)
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

// lineOf reads one line. Errors are what a server answered with 5xx, what it
// did not answer or cut off (eresp, which has srv_abrt in it), and what could not be
// connected to it (econ); HAProxy counts a request in one of them only. Requests are
// the sessions without the tries that went on elsewhere.
func lineOf(st haproxy.Stat) count {
	return count{
		begun:     st.Total,
		elsewhere: st.Retries + st.Redispatch,
		errors:    st.Status5xx + st.RespErrors + st.ConnErrors,
		times:     map[string]int64{"qtime": st.QueueTime, "ctime": st.ConnectTime, "rtime": st.ResponseTime, "ttime": st.TotalTime},
	}
}

// since is what a server did between two snapshots; not known when counters of no
// balancer reach back to the first.
func (h *HAProxy) since(server string, last, now []snapshot) (sample engine.Sample, known bool) {
	for i := range now {
		var sum count
		ok := now[i].process == last[i].process
		for _, backend := range h.backends() {
			d, reaches := difference(seat{backend, server}, last[i], now[i])
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
	return sample, known
}

// time is a host's latency, once so many requests were made since it was told last
// that the balancers' averages are of those. Each balancer weighs by its requests.
func (h *HAProxy) time(m rollout.Metric, host, server string, now []snapshot) (engine.Sample, bool, error) {
	which := "ttime"
	if m.Ask != nil && m.Ask.Value != "" {
		which = m.Ask.Value
	}
	key := m.Name + "\x00" + host
	last := h.timed[key]
	if last == nil {
		h.timed[key] = now
		return engine.Sample{}, false, nil
	}
	var requests, weighed float64
	busy := 0
	for i := range now {
		for _, backend := range h.backends() {
			at := seat{backend, server}
			d, reaches := difference(at, last[i], now[i])
			if !reaches || now[i].process != last[i].process {
				h.timed[key] = now // averages begin anew too
				return engine.Sample{}, false, nil
			}
			if d.begun > 0 {
				busy++
				requests += float64(d.begun)
				weighed += float64(d.begun) * float64(now[i].counts[at].times[which])
			}
		}
	}
	if requests == 0 || requests < float64(busy*averaged) {
		return engine.Sample{}, false, nil
	}
	h.timed[key] = now
	return engine.Sample{Host: host, Metric: m.Name, Kind: rollout.Gauge, Value: weighed / requests / 1000}, true, nil // HAProxy says milliseconds
}

// difference is what one server did between two snapshots of a balancer. It does not
// reach back when a counter is new or went backwards.
func difference(at seat, last, now snapshot) (d count, reaches bool) {
	old, had := last.counts[at]
	is, found := now.counts[at]
	if !had || !found || is.begun < old.begun || is.errors < old.errors || is.elsewhere < old.elsewhere {
		return count{}, false
	}
	return count{begun: is.begun - old.begun, elsewhere: is.elsewhere - old.elsewhere, errors: is.errors - old.errors}, true
}

func (c *count) add(d count) {
	c.begun += d.begun
	c.elsewhere += d.elsewhere
	c.errors += d.errors
}
