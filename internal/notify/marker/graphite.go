package marker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Graphite keeps metrics in Carbon and, with an address of graphite-web, events.
type Graphite struct {
	Wire    *wire.Client
	Address string // of Carbon, host:port
	Prefix  string
	Web     string // empty: no events
}

var (
	_ notify.Notifier = (*Graphite)(nil)
	_ notify.Checker  = (*Graphite)(nil)
)

// Send writes the metrics and the event. Metrics that are written twice are the same
// values at the same time; the event bears the message's key as a tag, by which a
// second attempt knows it.
func (g *Graphite) Send(ctx context.Context, m notify.Message, memory *notify.Memory) (string, error) {
	if err := g.carbon(ctx, g.metrics(m)); err != nil {
		return "", err
	}
	if g.Web == "" {
		return "", nil
	}
	if memory.Again {
		if there, err := g.marked(ctx, m); err != nil || there {
			return "", err
		}
	}
	_, err := g.Wire.Post(ctx, strings.TrimSuffix(g.Web, "/")+"/events/", nil, struct {
		What string `json:"what"`
		Tags string `json:"tags"`
		When int64  `json:"when"`
		Data string `json:"data"`
	}{m.Headline, strings.Join(tags(m), " "), m.At.Unix(), m.Plain()})
	return "", err
}

// tags of an event have no spaces: Graphite separates them so.
func tags(m notify.Message) []string {
	return []string{"slipway", node(m.Environment), node(m.Service), node(string(m.Kind)), mark(m)}
}

// mark is a tag that no other message has.
func mark(m notify.Message) string {
	sum := sha256.Sum256([]byte(m.Key))
	return "slipway-" + hex.EncodeToString(sum[:8])
}

// metrics are the lines for Carbon.
func (g *Graphite) metrics(m notify.Message) string {
	base := strings.TrimSuffix(g.Prefix, ".") + "." + node(m.Environment) + "." + node(m.Service) + "."
	var b strings.Builder
	add := func(name string, value float64) {
		fmt.Fprintf(&b, "%s%s %g %d\n", base, name, value, m.At.Unix())
	}
	add("events."+node(string(m.Kind)), 1)
	if m.Kind != rollout.NoticePlanned {
		add("version."+node(m.Version), float64(m.Updated))
		if m.From != "" && m.From != m.Version {
			add("version."+node(m.From), float64(m.Total-m.Updated))
		}
	}
	add("hosts.updated", float64(m.Updated))
	add("hosts.restored", float64(m.Restored))
	add("hosts.failed", float64(m.Failed))
	add("hosts.total", float64(m.Total))
	if m.Ended() {
		add("outcome."+node(string(m.Kind)), 1)
		add("duration", m.Took.Seconds())
	}
	return b.String()
}

// carbon writes lines. Carbon acknowledges nothing: it has read all once it closes the
// connection after our end of it, and one that does not close is taken at its word.
func (g *Graphite) carbon(ctx context.Context, lines string) error {
	conn, err := g.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	op := "write to Carbon at " + g.Address
	if _, err := io.WriteString(conn, lines); err != nil {
		return &notify.Error{Op: op, Err: err}
	}
	if half, ok := conn.(*net.TCPConn); ok {
		if err := half.CloseWrite(); err != nil {
			return &notify.Error{Op: op, Err: err}
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return &notify.Error{Op: op, Err: err}
	}
	_, err = io.Copy(io.Discard, conn)
	switch {
	case ctx.Err() != nil:
		return &notify.Error{Op: op, Err: ctx.Err()}
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return &notify.Error{Op: op, Err: err}
	}
	return nil
}

func (g *Graphite) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", g.Address)
	if err != nil {
		return nil, &notify.Error{Op: "connect to Carbon", Err: err}
	}
	return conn, nil
}

// marked asks whether the event of a message is there.
func (g *Graphite) marked(ctx context.Context, m notify.Message) (bool, error) {
	query := url.Values{
		"tags": {mark(m)}, "from": {fmt.Sprint(m.At.Unix() - 60)}, "until": {fmt.Sprint(m.At.Unix() + 60)},
	}
	body, err := g.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: strings.TrimSuffix(g.Web, "/") + "/events/get_data?" + query.Encode(),
	})
	if err != nil {
		return false, err
	}
	var events []json.RawMessage
	if err := json.Unmarshal(body, &events); err != nil {
		return false, &notify.Error{Op: "ask Graphite", Text: "an answer that is not understood"}
	}
	return len(events) > 0, nil
}

// Check connects to Carbon, and asks graphite-web for its events.
func (g *Graphite) Check(ctx context.Context) error {
	conn, err := g.dial(ctx)
	if err != nil {
		return err
	}
	if err := conn.Close(); err != nil {
		return &notify.Error{Op: "connect to Carbon", Err: err}
	}
	if g.Web == "" {
		return nil
	}
	_, err = g.Wire.Do(ctx, wire.Request{
		Method: http.MethodGet, URL: strings.TrimSuffix(g.Web, "/") + "/events/get_data?tags=slipway&from=-1min",
	})
	return err
}
