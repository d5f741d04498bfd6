package marker

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
)

// StatsD counts events and keeps how many hosts run what. It speaks UDP, which tells
// nobody whether anything arrived.
type StatsD struct {
	Address string // host:port
	Prefix  string
}

var (
	_ notify.Notifier = (*StatsD)(nil)
	_ notify.Checker  = (*StatsD)(nil)
)

// Send writes one datagram.
func (s *StatsD) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(s.lines(m))); err != nil {
		return "", &notify.Error{Op: "write to StatsD at " + s.Address, Err: err}
	}
	return "", nil
}

func (s *StatsD) lines(m notify.Message) string {
	base := strings.TrimSuffix(s.Prefix, ".") + "." + node(m.Environment) + "." + node(m.Service) + "."
	lines := []string{
		fmt.Sprintf("%sevents.%s:1|c", base, node(string(m.Kind))),
		fmt.Sprintf("%shosts.updated:%d|g", base, m.Updated),
		fmt.Sprintf("%shosts.failed:%d|g", base, m.Failed),
	}
	if m.Ended() {
		lines = append(lines, fmt.Sprintf("%sduration:%d|ms", base, m.Took.Milliseconds()))
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s *StatsD) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "udp", s.Address)
	if err != nil {
		return nil, &notify.Error{Op: "reach StatsD", Err: err}
	}
	return conn, nil
}

// Check resolves the address, which is all that UDP lets one do.
func (s *StatsD) Check(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}
