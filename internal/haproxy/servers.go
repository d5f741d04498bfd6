package haproxy

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Admin is what people and programs asked of a server.
type Admin string

// The states that can be set. Setting one ends the others.
const (
	Ready Admin = "ready"
	Drain Admin = "drain" // nothing new but what persistence (cookies, stick tables) sends
	Maint Admin = "maint" // nothing at all, and no health checks
)

// Bits of srv_admin_state; the others are inherited from tracking, name resolution
// and the configuration, and cannot be set.
const (
	forcedMaint    = 0x01
	inheritedMaint = 0x02
	forcedDrain    = 0x08
	inheritedDrain = 0x10
	resolveMaint   = 0x20
)

// Server is one line of `show servers state`.
type Server struct {
	Backend string
	Name    string
	ID      int
	Admin   Admin
	// Inherited says which state the server has from elsewhere whatever is set: "drain
	// of a tracked server", "maint of a tracked server", "maint of name resolution"; or nothing.
	Inherited string
	Up        bool // running as far as its checks know; a server without checks is up unless in maint
	Checked   bool // it has health checks of its own
	Weight    int  // now
	Initial   int  // as configured
}

// Servers returns the servers of a backend in the configuration's order.
func (c *Client) Servers(ctx context.Context, backend string) ([]Server, error) {
	e := Error{Backend: backend, Op: "read the servers"}
	if err := CheckName(backend); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Address(), err)
	}
	answer, err := c.read(ctx, e, "show servers state "+backend)
	if err != nil {
		return nil, err
	}
	servers, err := parseServers(answer)
	if err != nil {
		return nil, c.fault(e, ErrAnswer, err.Error())
	}
	return servers, nil
}

// Server returns one server of a backend.
func (c *Client) Server(ctx context.Context, backend, server string) (Server, error) {
	if err := CheckName(server); err != nil {
		return Server{}, fmt.Errorf("%s: %w", c.Address(), err)
	}
	servers, err := c.Servers(ctx, backend)
	if err != nil {
		return Server{}, err
	}
	for _, s := range servers {
		if s.Name == server {
			return s, nil
		}
	}
	return Server{}, c.fault(Error{Backend: backend, Server: server, Op: "read the state"}, ErrNoServer, "")
}

// parseServers reads the table by its header, so that columns which later versions add do no harm.
func parseServers(answer string) ([]Server, error) {
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	if len(lines) < 2 || strings.TrimSpace(lines[0]) != "1" {
		return nil, fmt.Errorf("expected version 1 of the table of servers, found %q", oneLine(lines[0]))
	}
	header, found := strings.CutPrefix(strings.TrimSpace(lines[1]), "# ")
	if !found {
		return nil, fmt.Errorf("expected the header of the table of servers, found %q", oneLine(lines[1]))
	}
	names := strings.Fields(header)
	var servers []Server
	for _, line := range lines[2:] {
		values := strings.Fields(line)
		if len(values) == 0 {
			continue
		}
		s, err := parseServer(names, values)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	return servers, nil
}

func parseServer(names, values []string) (Server, error) {
	if len(values) != len(names) {
		return Server{}, fmt.Errorf("expected %d columns of a server, found %d", len(names), len(values))
	}
	row := map[string]string{}
	for i, name := range names {
		row[name] = values[i]
	}
	var bad error
	number := func(name string) int {
		n, err := strconv.Atoi(row[name])
		if err != nil && bad == nil {
			bad = fmt.Errorf("server %s/%s: column %s: expected a number, found %q", row["be_name"], row["srv_name"], name, row[name])
		}
		return n
	}
	admin, op, check := number("srv_admin_state"), number("srv_op_state"), number("srv_check_state")
	s := Server{
		Backend: row["be_name"], Name: row["srv_name"], ID: number("srv_id"),
		Admin: adminOf(admin), Inherited: inheritedOf(admin),
		Up:      op == 1 || op == 2, // starting (slow start) or running; 0 is stopped, 3 stopping
		Checked: check&0x04 != 0,
		Weight:  number("srv_uweight"), Initial: number("srv_iweight"),
	}
	return s, bad
}

func adminOf(bits int) Admin {
	switch {
	case bits&forcedMaint != 0:
		return Maint
	case bits&forcedDrain != 0:
		return Drain
	}
	return Ready
}

func inheritedOf(bits int) string {
	switch {
	case bits&inheritedMaint != 0:
		return "maint of a tracked server"
	case bits&resolveMaint != 0:
		return "maint of name resolution"
	case bits&inheritedDrain != 0:
		return "drain of a tracked server"
	}
	return ""
}
