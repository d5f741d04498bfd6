package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/haproxy"
)

// place is everywhere that one host stands at the balancers.
type place struct {
	host  string
	seats []*seat

	mu    sync.Mutex // guards notes
	notes []string
}

// seat is a host's server in one backend of one balancer.
type seat struct {
	client  *haproxy.Client
	backend string
	server  string
	public  bool
	id      int // of the server in its backend; 0: not asked yet
}

func (r *run) place(host string) (*place, error) {
	server := serverName(r.setup.Server, host)
	if err := haproxy.CheckName(server); err != nil {
		return nil, fmt.Errorf("server of %s: %w", host, err)
	}
	p := &place{host: host}
	for _, c := range r.clients {
		p.seats = append(p.seats, &seat{client: c, backend: r.setup.Public, server: server, public: true})
		if r.setup.Internal != "" {
			p.seats = append(p.seats, &seat{client: c, backend: r.setup.Internal, server: server})
		}
	}
	return p, nil
}

// side returns the seats in the public backend, or in the internal one.
func (p *place) side(public bool) []*seat {
	var seats []*seat
	for _, s := range p.seats {
		if s.public == public {
			seats = append(seats, s)
		}
	}
	return seats
}

func (p *place) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// detail is the notes as the JSON text of a report; empty without notes.
func (p *place) detail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.notes) == 0 {
		return ""
	}
	text, err := json.Marshal(map[string][]string{"notes": p.notes})
	if err != nil {
		return "" // strings always marshal
	}
	return string(text)
}

// each runs f for all seats side by side and joins what went wrong, in the seats' order.
func each(seats []*seat, f func(*seat) error) error {
	errs := make([]error, len(seats))
	var all sync.WaitGroup
	for i, s := range seats {
		all.Go(func() { errs[i] = f(s) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// read returns the server's state now.
func (s *seat) read(ctx context.Context) (haproxy.Server, error) {
	server, err := s.client.Server(ctx, s.backend, s.server)
	s.id = server.ID
	return server, err
}

// stat returns the server's statistics now. Ids can change with a reload: the name decides.
func (s *seat) stat(ctx context.Context) (haproxy.Stat, error) {
	for range 2 {
		if s.id == 0 {
			if _, err := s.read(ctx); err != nil {
				return haproxy.Stat{}, err
			}
		}
		stats, err := s.client.Stats(ctx, s.backend, s.id)
		if err != nil {
			return haproxy.Stat{}, err
		}
		for _, st := range stats {
			if st.Server == s.server {
				return st, nil
			}
		}
		s.id = 0
	}
	return haproxy.Stat{}, fmt.Errorf("%s: %w while its statistics were read", s, haproxy.ErrNoServer)
}

func (s *seat) set(ctx context.Context, a haproxy.Admin) error {
	return s.client.SetState(ctx, s.backend, s.server, a)
}

func (s *seat) String() string {
	return fmt.Sprintf("%s/%s on %s", s.backend, s.server, s.client.Address())
}

// tables reads each backend of each balancer once, for commands that look at all hosts.
type tables struct {
	mu    sync.Mutex // guards pages
	pages map[page]func() ([]haproxy.Server, error)
}

type page struct {
	client  *haproxy.Client
	backend string
}

func newTables() *tables { return &tables{pages: map[page]func() ([]haproxy.Server, error){}} }

func (t *tables) servers(ctx context.Context, c *haproxy.Client, backend string) ([]haproxy.Server, error) {
	t.mu.Lock()
	read, ok := t.pages[page{c, backend}]
	if !ok {
		read = sync.OnceValues(func() ([]haproxy.Server, error) { return c.Servers(ctx, backend) })
		t.pages[page{c, backend}] = read
	}
	t.mu.Unlock()
	return read()
}

// poll calls f until it says done, at first often and then four times a second.
// It returns false when limit is over, and an error when ctx is.
func poll(ctx context.Context, limit time.Duration, f func() (bool, error)) (bool, error) {
	over := time.NewTimer(limit)
	defer over.Stop()
	for pause := 20 * time.Millisecond; ; pause = min(pause*3/2, 250*time.Millisecond) {
		if done, err := f(); done || err != nil {
			return done, err
		}
		next := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			next.Stop()
			return false, ctx.Err()
		case <-over.C:
			next.Stop()
			return f()
		case <-next.C:
		}
	}
}
