package haproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// A runtime socket takes ten connections by default (stats maxconn); people
	// and exporters need some of them too.
	connections = 4
	// answerWithin bounds one command when its context does not.
	answerWithin = 10 * time.Second
	// answerLimit is more than the statistics of 50,000 servers.
	answerLimit = 64 << 20
)

// pauses between tries to connect: while a balancer is reloaded, its socket is
// away for some milliseconds.
var pauses = [...]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}

// Client speaks with one balancer. Its methods may be called at the same time.
type Client struct {
	address Address
	tunnel  *tunnel // nil unless the socket is on a balancer
	slots   chan struct{}
}

// New returns a client of an address as ParseAddress reads it. It does not connect.
func New(address string) (*Client, error) {
	a, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	return newClient(a, nil), nil
}

func newClient(a Address, ssh []string) *Client {
	c := &Client{address: a, slots: make(chan struct{}, connections)}
	if a.Login != "" {
		c.tunnel = newTunnel(a, ssh)
	}
	return c
}

// Address is the balancer's address as configured.
func (c *Client) Address() string { return c.address.String() }

// Close ends the tunnel, if there is one. It may be called twice.
func (c *Client) Close() error {
	if c.tunnel == nil {
		return nil
	}
	return c.tunnel.close()
}

// ask sends one line and returns the whole answer. The line must be made of
// checked names only.
func (c *Client) ask(ctx context.Context, line string) (string, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerWithin)
		defer cancel()
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	answer, err := exchange(conn, line)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if (err == nil && answer == "") || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		// Even "done" is an empty line.
		err = fmt.Errorf("it closed the connection without an answer: %s", c.emptyHint())
	}
	return answer, err
}

func (c *Client) emptyHint() string {
	if c.tunnel == nil {
		return "is this a runtime socket of HAProxy?"
	}
	return fmt.Sprintf("is %s there, and may the login use it?", c.address.Path)
}

func exchange(conn net.Conn, line string) (string, error) {
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, answerLimit+1))
	if err != nil {
		return "", err
	}
	if len(answer) > answerLimit {
		return "", fmt.Errorf("an answer of more than %d bytes", answerLimit)
	}
	return string(answer), nil
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	for _, pause := range pauses {
		conn, err := c.dialOnce(ctx)
		if err == nil || !transient(err) {
			return conn, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
	return c.dialOnce(ctx)
}

func (c *Client) dialOnce(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	switch {
	case c.address.TCP != "":
		return d.DialContext(ctx, "tcp", c.address.TCP)
	case c.tunnel != nil:
		path, err := c.tunnel.open(ctx)
		if err != nil {
			return nil, err
		}
		return d.DialContext(ctx, "unix", path)
	}
	return d.DialContext(ctx, "unix", c.address.Path)
}

func transient(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.EAGAIN)
}

// read asks for a table; a refusal becomes a typed error.
func (c *Client) read(ctx context.Context, e Error, line string) (string, error) {
	answer, err := c.ask(ctx, line)
	if err != nil {
		return "", c.lost(ctx, e, err)
	}
	// Tables start with a number, a comment or a key; refusals with a word known here.
	if kind, text := refusal(answer); kind != nil && kind != ErrRefused {
		return "", c.fault(e, kind, text)
	}
	return answer, nil
}

// do sends a command that answers nothing when it worked.
func (c *Client) do(ctx context.Context, e Error, line string) error {
	answer, err := c.ask(ctx, line)
	if err != nil {
		return c.lost(ctx, e, err)
	}
	if kind, text := refusal(answer); kind != nil {
		return c.fault(e, kind, text)
	}
	return nil
}

func (c *Client) fault(e Error, kind error, text string) error {
	e.Balancer, e.Err, e.Text = c.Address(), kind, text
	return &e
}

// lost is an exchange that came to nothing; a caller that gave up gets its own error back.
func (c *Client) lost(ctx context.Context, e Error, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s on %s: %w", e.Op, c.Address(), ctx.Err())
	}
	text := strings.ReplaceAll(err.Error(), context.DeadlineExceeded.Error(), "no answer within "+answerWithin.String())
	return c.fault(e, ErrUnreachable, oneLine(text))
}
