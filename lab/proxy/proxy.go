package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// grace is how long requests under way may take when the proxy ends.
const grace = 5 * time.Second

// Proxy is a balancer. Serve runs it, once.
type Proxy struct {
	cfg     Config
	started time.Time

	mu        sync.Mutex // guards all that follows, in depth
	frontends []*frontend
	backends  []*backend
}

// frontend is what is counted of one, under the proxy's mutex.
type frontend struct {
	Frontend
	id      int
	backend *backend
	counters
}

// backend is a group of servers, under the proxy's mutex.
type backend struct {
	name    string
	id      int
	servers []*server
	since   time.Time
	counters
}

// New returns a proxy that answers as soon as it is served.
func New(cfg Config) (*Proxy, error) {
	cfg.Check = cfg.Check.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("set up the balancer: %w", err)
	}
	p := &Proxy{cfg: cfg, started: time.Now()}
	ids := 1 // HAProxy's own first proxy is the runtime socket
	byName := map[string]*backend{}
	for _, f := range cfg.Frontends {
		ids++
		p.frontends = append(p.frontends, &frontend{Frontend: f, id: ids})
	}
	for _, b := range cfg.Backends {
		ids++
		made := &backend{name: b.Name, id: ids, since: p.started}
		for i, s := range b.Servers {
			made.servers = append(made.servers, newServer(s, b.Name, i+1, cfg.Check, b.Disabled, p.started))
		}
		p.backends = append(p.backends, made)
		byName[b.Name] = made
	}
	for _, f := range p.frontends {
		f.backend = byName[f.Frontend.Backend]
	}
	return p, nil
}

// Serve answers on all listeners until ctx ends, then finishes the requests under
// way. It closes the listeners.
func (p *Proxy) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var all sync.WaitGroup
	for _, f := range p.frontends {
		all.Go(func() { cancel(p.serveFrontend(ctx, f)) })
	}
	all.Go(func() { cancel(p.serveSocket(ctx)) })
	for _, b := range p.backends {
		for _, s := range b.servers {
			all.Go(func() { p.watch(ctx, s) })
		}
	}
	<-ctx.Done()
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (p *Proxy) serveFrontend(ctx context.Context, f *frontend) error {
	server := &http.Server{Handler: p.handler(f), ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(f.Listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve frontend %s: %w", f.Name, err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if server.Shutdown(end) != nil {
		server.Close() //nolint:errcheck // whoever still waits has had its time
	}
	<-ended
	return nil
}

// find returns a server by HAProxy's backend/server, or HAProxy's words for why not.
// The mutex must be held.
func (p *Proxy) find(backendName, serverName string) (*server, string) {
	b := p.backend(backendName)
	if b == nil {
		return nil, "No such backend.\n"
	}
	for _, s := range b.servers {
		if s.name == serverName {
			return s, ""
		}
	}
	return nil, "No such server.\n"
}

func (p *Proxy) backend(name string) *backend {
	for _, b := range p.backends {
		if b.name == name {
			return b
		}
	}
	return nil
}

// Addresses returns where the frontends listen, by name.
func (p *Proxy) Addresses() map[string]net.Addr {
	at := map[string]net.Addr{}
	for _, f := range p.cfg.Frontends {
		at[f.Name] = f.Listener.Addr()
	}
	return at
}
