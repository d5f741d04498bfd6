package haproxy

import (
	"context"
	"fmt"
)

// MaxWeight is the greatest weight of a server.
const MaxWeight = 256

// SetState sets what is asked of a server.
func (c *Client) SetState(ctx context.Context, backend, server string, a Admin) error {
	at, err := c.target(backend, server)
	if err != nil {
		return err
	}
	e := Error{Backend: backend, Server: server, Op: "set state " + string(a)}
	switch a {
	case Ready, Drain, Maint:
		return c.do(ctx, e, "set server "+at+" state "+string(a))
	}
	return fmt.Errorf("set state %q of %s on %s: allowed are ready, drain and maint", a, at, c.Address())
}

// SetWeight sets the absolute weight of a server, 0 to MaxWeight.
func (c *Client) SetWeight(ctx context.Context, backend, server string, weight int) error {
	at, err := c.target(backend, server)
	if err != nil {
		return err
	}
	if weight < 0 || weight > MaxWeight {
		return fmt.Errorf("set weight %d of %s on %s: allowed is 0 to %d", weight, at, c.Address(), MaxWeight)
	}
	e := Error{Backend: backend, Server: server, Op: fmt.Sprintf("set weight %d", weight)}
	return c.do(ctx, e, fmt.Sprintf("set server %s weight %d", at, weight))
}

// ResetWeight sets the weight of the configuration. Balancing algorithms with a fixed
// table refuse every absolute weight, and take this one.
func (c *Client) ResetWeight(ctx context.Context, backend, server string) error {
	at, err := c.target(backend, server)
	if err != nil {
		return err
	}
	e := Error{Backend: backend, Server: server, Op: "reset the weight"}
	return c.do(ctx, e, "set server "+at+" weight 100%")
}

// Recheck drains a server and has its health found out anew. On leaving
// maint HAProxy checks again, within one interval, and until then counts the server as
// just up (health = rise); the first success makes it full, the first failure takes it
// down: Stat.Proven tells. With
// force the server counts as down until it has succeeded as often as a server that
// comes back must; until then not even persistence sends requests to it.
func (c *Client) Recheck(ctx context.Context, backend, server string, force bool) error {
	at, err := c.target(backend, server)
	if err != nil {
		return err
	}
	line := "set server " + at + " state maint; set server " + at + " state drain"
	if force {
		line += "; set server " + at + " health down"
	}
	return c.do(ctx, Error{Backend: backend, Server: server, Op: "check the health"}, line)
}

func (c *Client) target(backend, server string) (string, error) {
	for _, name := range []string{backend, server} {
		if err := CheckName(name); err != nil {
			return "", fmt.Errorf("%s: %w", c.Address(), err)
		}
	}
	return backend + "/" + server, nil
}
