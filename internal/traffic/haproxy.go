package traffic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

const (
	drainDefault = 30 * time.Second // when the plan does not say
	upDefault    = 30 * time.Second // to be seen healthy, when the plan has no health check
	// upLeast leaves HAProxy's own checks time for their rise and interval however
	// quickly the service itself must be healthy.
	upLeast = 15 * time.Second
)

// HAProxy opens and closes hosts through the runtime sockets of one or several
// balancers.
type HAProxy struct {
	pool    *haproxy.Pool
	upLeast time.Duration
}

var _ engine.Traffic = (*HAProxy)(nil)

// NewHAProxy returns a Traffic that finds its balancers in each job's plan and
// reaches them through the pool, which stays the caller's to close.
func NewHAProxy(pool *haproxy.Pool) *HAProxy { return &HAProxy{pool: pool, upLeast: upLeast} }

// Run does a record, drain, expose or return command, hosts side by side.
func (h *HAProxy) Run(ctx context.Context, job engine.Job, report func(engine.Report)) error {
	run, err := h.newRun(job)
	if err != nil {
		return fmt.Errorf("%s at the balancers: %w", job.Command.Kind, err)
	}
	done := make(chan engine.Report)
	var hosts sync.WaitGroup
	for _, name := range job.Command.Hosts {
		hosts.Go(func() {
			if r := run.host(ctx, name); ctx.Err() == nil {
				done <- r
			}
		})
	}
	go func() {
		hosts.Wait()
		close(done)
	}()
	left := len(job.Command.Hosts)
	for r := range done {
		report(r)
		left--
	}
	if left > 0 {
		return ctx.Err()
	}
	return nil
}

// run is one command being done.
type run struct {
	job     engine.Job
	setup   rollout.HAProxy
	clients []*haproxy.Client
	tables  *tables
	up      time.Duration // longest wait for a server to be seen healthy
	drain   time.Duration // longest wait for sessions to end
	act     func(*run, context.Context, *place) (engine.Report, error)
}

func (h *HAProxy) newRun(job engine.Job) (*run, error) {
	r := &run{job: job, tables: newTables(), up: upDefault, drain: drainDefault}
	switch job.Command.Kind {
	case rollout.Record:
		r.act = (*run).record
	case rollout.Drain:
		r.act = (*run).drainHost
	case rollout.Expose:
		r.act = (*run).expose
	case rollout.Return:
		r.act = (*run).giveBack
	default:
		return nil, errors.New("not a command for balancers")
	}
	setup, clients, err := h.balancers(job.Plan)
	if err != nil {
		return nil, err
	}
	r.setup, r.clients = setup, clients
	if setup.Drain > 0 {
		r.drain = setup.Drain
	}
	if health := job.Plan.Spec.Health; health != nil && health.Within > 0 {
		r.up = health.Within
	}
	r.up = max(r.up, h.upLeast)
	return r, nil
}

// balancers returns the clients of a plan's balancers, checked.
func (h *HAProxy) balancers(plan *rollout.Plan) (rollout.HAProxy, []*haproxy.Client, error) {
	if plan.Traffic == nil || plan.Traffic.HAProxy == nil {
		return rollout.HAProxy{}, nil, errors.New("the plan names no HAProxy")
	}
	setup := *plan.Traffic.HAProxy
	if len(setup.Sockets) == 0 {
		return setup, nil, errors.New("the plan names no runtime socket of HAProxy")
	}
	if err := haproxy.CheckName(setup.Public); err != nil {
		return setup, nil, fmt.Errorf("public backend: %w", err)
	}
	if setup.Internal == setup.Public {
		return setup, nil, fmt.Errorf("internal backend: it is %s, the public one: it must be another", setup.Public)
	}
	var clients []*haproxy.Client
	for _, address := range setup.Sockets {
		c, err := h.pool.Client(address)
		if err != nil {
			return setup, nil, err
		}
		clients = append(clients, c)
	}
	return setup, clients, nil
}

// host does the command for one host and turns an error into its outcome.
func (r *run) host(ctx context.Context, name string) engine.Report {
	p, err := r.place(name)
	if err != nil {
		return engine.Report{Host: name, Outcome: rollout.Failed, Reason: err.Error()}
	}
	report, err := r.act(r, ctx, p)
	report.Host, report.Outcome, report.Detail = name, rollout.OK, p.detail()
	if err != nil {
		report.Outcome, report.Reason = outcome(err), reason(err)
	}
	return report
}

// outcome is what an error of a host counts as. What nobody could be asked about
// comes before what is known to be wrong.
func outcome(err error) rollout.Outcome {
	switch {
	case errors.Is(err, haproxy.ErrUnreachable):
		return rollout.Unreachable
	case errors.Is(err, errUnhealthy):
		return rollout.Unhealthy
	}
	return rollout.Failed
}

// reason is an error, which may be several joined, in one line.
func reason(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// serverName fills in the plan's template of server names.
func serverName(template, host string) string {
	if template == "" {
		return host
	}
	return strings.ReplaceAll(template, "{{host}}", host)
}
