package traffic

import (
	"context"
	"sync"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Standing is how one host stands in one backend of one balancer now.
type Standing struct {
	Balancer string        `json:"balancer"`
	Backend  string        `json:"backend"`
	Server   string        `json:"server"`
	Host     string        `json:"host"`
	State    haproxy.Admin `json:"state,omitempty"`  // what was asked of it
	Status   string        `json:"status,omitempty"` // HAProxy's own word: UP, DOWN, DRAIN, MAINT, no check
	Weight   int           `json:"weight"`
	Sessions int64         `json:"sessions"`
	Error    string        `json:"error,omitempty"` // why nothing is known
}

// Show reads how the hosts of a plan stand: by host, then balancer, public before
// internal. What cannot be read says why; the error is for a plan without balancers.
func (h *HAProxy) Show(ctx context.Context, plan *rollout.Plan) ([]Standing, error) {
	setup, clients, err := h.balancers(plan)
	if err != nil {
		return nil, err
	}
	r := &run{setup: setup, clients: clients, tables: newTables()}
	backends := []string{setup.Public}
	if setup.Internal != "" {
		backends = append(backends, setup.Internal)
	}
	stats := r.allStats(ctx, backends)
	var all []Standing
	for _, host := range plan.Hosts {
		server := serverName(setup.Server, host.Name)
		for _, c := range clients {
			for _, backend := range backends {
				s := Standing{Balancer: c.Address(), Backend: backend, Server: server, Host: host.Name}
				s.fill(ctx, r, c, stats[page{c, backend}])
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// statTable is the statistics of one backend, or why there are none.
type statTable struct {
	stats []haproxy.Stat
	err   error
}

func (r *run) allStats(ctx context.Context, backends []string) map[page]statTable {
	var mu sync.Mutex // guards tables
	tables := map[page]statTable{}
	var all sync.WaitGroup
	for _, c := range r.clients {
		for _, backend := range backends {
			all.Go(func() {
				stats, err := c.Stats(ctx, backend, -1)
				mu.Lock()
				defer mu.Unlock()
				tables[page{c, backend}] = statTable{stats, err}
			})
		}
	}
	all.Wait()
	return tables
}

func (s *Standing) fill(ctx context.Context, r *run, c *haproxy.Client, table statTable) {
	servers, err := r.tables.servers(ctx, c, s.Backend)
	if err == nil {
		err = table.err
	}
	if err != nil {
		s.Error = reason(err)
		return
	}
	s.Error = haproxy.ErrNoServer.Error()
	for _, server := range servers {
		if server.Name == s.Server {
			s.State, s.Weight, s.Error = server.Admin, server.Weight, ""
		}
	}
	for _, st := range table.stats {
		if st.Server == s.Server {
			s.Status, s.Sessions = st.Status, st.Sessions
		}
	}
}
