package haproxy

import (
	"errors"
	"sync"
)

// Pool keeps one Client a balancer, so that everything that talks to a balancer
// shares its tunnel and its limit of connections. The zero value is ready.
type Pool struct {
	// SSH is the program that reaches balancers and its first arguments; {"ssh"} when
	// empty. It is read when a client is made.
	SSH []string

	mu      sync.Mutex // guards clients
	clients map[string]*Client
}

// Client returns the client of an address, made on first use. It does not connect.
func (p *Pool) Client(address string) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.clients[address]; ok {
		return c, nil
	}
	a, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	if p.clients == nil {
		p.clients = map[string]*Client{}
	}
	c := newClient(a, p.SSH)
	p.clients[address] = c
	return c, nil
}

// Close closes every client. The pool can be used again.
func (p *Pool) Close() error {
	p.mu.Lock()
	clients := p.clients
	p.clients = nil
	p.mu.Unlock()
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
