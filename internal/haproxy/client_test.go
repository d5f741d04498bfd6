package haproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/haproxy/haproxytest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

const twoServers = `
backend pub
  server w1 127.0.0.1:1 weight 100
  server w2 127.0.0.1:1 weight 100 disabled
backend fixed
  balance static-rr
  server w1 127.0.0.1:1 weight 10
`

func client(t *testing.T, address string) *haproxy.Client {
	t.Helper()
	c, err := haproxy.New(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestStatesAndWeights(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := client(t, haproxytest.Start(t, twoServers).Socket)
	for _, a := range []haproxy.Admin{haproxy.Drain, haproxy.Maint, haproxy.Ready} {
		if err := c.SetState(ctx, "pub", "w1", a); err != nil {
			t.Fatal(err)
		}
		if s, err := c.Server(ctx, "pub", "w1"); err != nil || s.Admin != a {
			t.Fatalf("set %s: read %+v, %v", a, s, err)
		}
	}
	if s, err := c.Server(ctx, "pub", "w2"); err != nil || s.Admin != haproxy.Maint {
		t.Fatalf("a server disabled by the configuration: %+v, %v", s, err)
	}
	if err := c.SetWeight(ctx, "pub", "w1", 7); err != nil {
		t.Fatal(err)
	}
	if s, _ := c.Server(ctx, "pub", "w1"); s.Weight != 7 || s.Initial != 100 {
		t.Fatalf("weight: %+v", s)
	}
	if err := c.ResetWeight(ctx, "fixed", "w1"); err != nil {
		t.Fatal(err)
	}
	stats, err := c.Stats(ctx, "pub", -1)
	if err != nil || len(stats) != 2 || stats[0].Server != "w1" || stats[1].Status != "MAINT" {
		t.Fatalf("stats: %+v, %v", stats, err)
	}
	info, err := c.Info(ctx)
	if err != nil || info.Pid == 0 || info.Version == "" {
		t.Fatalf("info: %+v, %v", info, err)
	}
}

func TestRefusalsOfARealBalancer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := haproxytest.Start(t, twoServers)
	c, operator := client(t, p.Socket), client(t, p.Operator())
	_, noServer := c.Server(ctx, "pub", "w9")
	_, noBackend := c.Servers(ctx, "nope")
	_, noStats := c.Stats(ctx, "nope", -1)
	for _, x := range []struct {
		name string
		err  error
		kind error
		want string
	}{
		{"server of state", noServer, haproxy.ErrNoServer, "pub/w9"},
		{"server", c.SetState(ctx, "pub", "w9", haproxy.Drain), haproxy.ErrNoServer, "set state drain of pub/w9 on " + p.Socket},
		{"backend", c.SetState(ctx, "nope", "w1", haproxy.Drain), haproxy.ErrNoBackend, "nope/w1"},
		{"backend of table", noBackend, haproxy.ErrNoBackend, "nope"},
		{"backend of statistics", noStats, haproxy.ErrNoBackend, "nope"},
		{"weight of a fixed table", c.SetWeight(ctx, "fixed", "w1", 5), haproxy.ErrRefused, "static LB algorithm"},
		{"operator", operator.SetState(ctx, "pub", "w1", haproxy.Drain), haproxy.ErrPermission, "level admin"},
	} {
		var e *haproxy.Error
		if !errors.Is(x.err, x.kind) || !errors.As(x.err, &e) || !strings.Contains(x.err.Error(), x.want) {
			t.Errorf("%s: got %v, want %v with %q", x.name, x.err, x.kind, x.want)
		}
	}
	for _, bad := range []string{"w1; shutdown sessions", "w1\nshow info", "w1 state", ""} {
		if err := c.SetState(ctx, "pub", bad, haproxy.Drain); err == nil {
			t.Errorf("server %q was sent", bad)
		}
	}
	if err := c.SetState(ctx, "pub", "w1", "gone"); err == nil {
		t.Error("state gone was sent")
	}
	if err := c.SetWeight(ctx, "pub", "w1", 257); err == nil {
		t.Error("weight 257 was sent")
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		"/nonexistent/admin.sock", file, fmt.Sprintf("tcp://127.0.0.1:%d", processtest.Free(t, processtest.Loopback).Port),
	} {
		err := client(t, address).SetState(t.Context(), "pub", "w1", haproxy.Drain)
		if !errors.Is(err, haproxy.ErrUnreachable) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// silent is a listener that takes connections and says nothing, or just closes them.
func silent(t *testing.T, closes bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if closes {
				conn.Close()
				continue
			}
			t.Cleanup(func() { conn.Close() })
		}
	}()
	return "tcp://" + l.Addr().String()
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client(t, silent(t, false)).Info(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's limit: got %v", err)
	}
	if _, err := client(t, silent(t, true)).Info(t.Context()); !errors.Is(err, haproxy.ErrUnreachable) {
		t.Errorf("closed at once: got %v", err)
	}
}
