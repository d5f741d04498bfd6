package traffic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
)

// recordVersion is the format of a record. A record outlives the program that made
// it: a newer format must still read this one.
const recordVersion = 1

// record is what the balancers said of a host before anything was touched.
type record struct {
	Version int            `json:"v"`
	Seats   []recordedSeat `json:"seats"`
}

type recordedSeat struct {
	Balancer string        `json:"at"`
	Backend  string        `json:"backend"`
	Server   string        `json:"server"`
	State    haproxy.Admin `json:"state"`
	Weight   int           `json:"weight"`
	Up       bool          `json:"up"`
}

// record reads the state of a host on every balancer.
func (r *run) record(ctx context.Context, p *place) (engine.Report, error) {
	seats := make([]recordedSeat, len(p.seats))
	at := map[*seat]int{}
	for i, s := range p.seats {
		at[s] = i
	}
	err := each(p.seats, func(s *seat) error {
		servers, err := r.tables.servers(ctx, s.client, s.backend)
		if err != nil {
			return err
		}
		for _, server := range servers {
			if server.Name == s.server {
				seats[at[s]] = recorded(s, server)
				return nil
			}
		}
		return fmt.Errorf("%s: %w: its name comes from the manifest's traffic.haproxy.server", s, haproxy.ErrNoServer)
	})
	if err != nil {
		return engine.Report{}, err
	}
	text, err := json.Marshal(record{Version: recordVersion, Seats: seats})
	return engine.Report{Balancer: string(text)}, err
}

func recorded(s *seat, server haproxy.Server) recordedSeat {
	return recordedSeat{
		Balancer: s.client.Address(), Backend: s.backend, Server: s.server,
		State: server.Admin, Weight: server.Weight, Up: server.Up,
	}
}

// parseRecord reads a record strictly: a balancer is never changed on a guess.
func parseRecord(text string) (record, error) {
	var rec record
	if text == "" {
		return rec, fmt.Errorf("no recorded balancer state")
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&rec); err != nil {
		return rec, fmt.Errorf("recorded balancer state: %w", err)
	}
	if d.More() {
		return rec, fmt.Errorf("recorded balancer state: more than one value")
	}
	if rec.Version != recordVersion {
		return rec, fmt.Errorf("recorded balancer state: version %d, expected %d", rec.Version, recordVersion)
	}
	for _, s := range rec.Seats {
		if err := s.check(); err != nil {
			return rec, fmt.Errorf("recorded balancer state of %s/%s on %s: %w", s.Backend, s.Server, s.Balancer, err)
		}
	}
	return rec, nil
}

func (s recordedSeat) check() error {
	switch s.State {
	case haproxy.Ready, haproxy.Drain, haproxy.Maint:
	default:
		return fmt.Errorf("state %q: allowed are ready, drain and maint", s.State)
	}
	if s.Weight < 0 || s.Weight > haproxy.MaxWeight {
		return fmt.Errorf("weight %d: allowed is 0 to %d", s.Weight, haproxy.MaxWeight)
	}
	return nil
}

// recordOf returns the record of a host as a map from its seats; every seat must be in it.
func (r *run) recordOf(p *place) (map[*seat]recordedSeat, error) {
	rec, err := parseRecord(r.job.Balancer[p.host])
	if err != nil {
		return nil, err
	}
	was := map[*seat]recordedSeat{}
	for _, s := range p.seats {
		for _, old := range rec.Seats {
			if old.Balancer == s.client.Address() && old.Backend == s.backend && old.Server == s.server {
				was[s] = old
			}
		}
		if _, ok := was[s]; !ok {
			return nil, fmt.Errorf("recorded balancer state: nothing of %s", s)
		}
	}
	return was, nil
}
