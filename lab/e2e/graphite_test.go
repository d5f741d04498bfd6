//go:build !lab

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/graphitetest"
)

// graphite is Carbon, which takes values and keeps them, and the web application that
// is asked for them.
type graphite struct{ *graphitetest.Graphite }

// graphiteWeb is Graphite whose web application is stopped: nothing is lost.
func graphiteWeb(t *testing.T, info lab.Info) source {
	t.Helper()
	g := newGraphite(t, info)
	return source{manifest: g.manifest(), part: g.Web}
}

// carbonCache is Graphite whose Carbon is stopped: what hosts send meanwhile is lost.
func carbonCache(t *testing.T, info lab.Info) source {
	t.Helper()
	g := newGraphite(t, info)
	return source{manifest: g.manifest(), part: g.Carbon, kept: g.kept}
}

// manifest asks for series of a second, which are all there five seconds later.
func (g graphite) manifest() string {
	return fmt.Sprintf(`graphite: {address: %q, events: "aliasByNode({{service}}.*.errors,1)", exposure: "aliasByNode({{service}}.*.requests,1)", every: 1s, lag: 5s}`, g.URL())
}

func newGraphite(t *testing.T, info lab.Info) graphite {
	t.Helper()
	g := graphite{graphitetest.Start(t, graphitetest.Config{Host: info.Balancers[0].Address, Retentions: "1s:1h"})}
	g.collect(t, info)
	eventually(t, "hosts are counted", func() error {
		for _, h := range info.Hosts {
			if _, err := g.points(t, h.Name, "requests"); err != nil {
				return err
			}
		}
		return nil
	})
	return g
}

// collect tells Carbon each second what hosts did in it, until the test ends. As StatsD
// does, it forgets what Carbon does not take.
func (g graphite) collect(t *testing.T, info lab.Info) {
	t.Helper()
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	t.Cleanup(func() { end(); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		c := collected{before: map[string]counts{}, fresh: map[string]counts{}}
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-tick.C:
				c.read(ctx, info)
				c.send(g.Carbon.Address, info.Service)
			}
		}
	}()
}

// collected is what hosts had done when they were last asked, and what is to be sent of it.
type collected struct {
	before, fresh map[string]counts
	sent          int64 // the second it was last sent in
}

// read asks every host what it has done; one that does not answer has no value.
func (c *collected) read(ctx context.Context, info lab.Info) {
	for _, h := range info.Hosts {
		d, err := does(ctx, info, h)
		if err != nil {
			continue
		}
		all, was, fresh := d.counts(), c.before[h.Name], c.fresh[h.Name]
		if all.Requests < was.Requests {
			was = counts{} // another process
		}
		c.before[h.Name] = all
		c.fresh[h.Name] = counts{Events: fresh.Events + all.Events - was.Events, Requests: fresh.Requests + all.Requests - was.Requests}
	}
}

// send sends it as what happened in this second. Carbon keeps the last of two values of a
// second, so that the next one has it when this has been sent.
func (c *collected) send(to, service string) {
	now := time.Now().Unix()
	if now == c.sent {
		return
	}
	var b strings.Builder
	for host, n := range c.fresh {
		fmt.Fprintf(&b, "%[1]s.%[2]s.requests %[3]g %[5]d\n%[1]s.%[2]s.errors %[4]g %[5]d\n", service, host, n.Requests, n.Events, now)
	}
	c.sent, c.fresh = now, map[string]counts{}
	if conn, err := net.DialTimeout("tcp", to, time.Second); err == nil {
		_, _ = conn.Write([]byte(b.String())) // lost when it is not taken
		conn.Close()
	}
}

// kept is what Carbon has of a host.
func (g graphite) kept(t *testing.T, host string) counts {
	t.Helper()
	var sum [2]float64
	for i, what := range []string{"errors", "requests"} {
		all, err := g.points(t, host, what)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			sum[i] += v
		}
	}
	return counts{Events: sum[0], Requests: sum[1]}
}

// points are all values of a series.
func (g graphite) points(t *testing.T, host, what string) (all []float64, err error) {
	var series []struct{ Datapoints [][2]*float64 }
	ask := url.Values{"target": {"checkout." + host + "." + what}, "format": {"json"}, "from": {"-59min"}}
	if err := fetch(t.Context(), g.URL()+"/render?"+ask.Encode(), &series); err != nil {
		return nil, err
	}
	for _, s := range series {
		for _, p := range s.Datapoints {
			if p[0] != nil {
				all = append(all, *p[0])
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s of %s has no value yet at %s", what, host, g.URL())
	}
	return all, nil
}
