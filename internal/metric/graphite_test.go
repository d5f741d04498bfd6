package metric

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/graphitetest"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// carbon is Graphite, which is sent values and asked when it has them.
type carbon struct{ *graphitetest.Graphite }

// TestGraphite runs on one server; the last of its parts kills it.
func TestGraphite(t *testing.T) {
	t.Parallel()
	c := carbon{graphitetest.Start(t, graphitetest.Config{Host: processtest.Loopback, Retentions: "10s:1h"})}
	t.Run("by host", func(t *testing.T) { graphiteByHost(t, c) })
	t.Run("killed", func(t *testing.T) { graphiteKilled(t, c) })
}

// send gives Carbon a value of each of some points.
func (c carbon) send(t *testing.T, name string, first time.Time, values ...string) {
	t.Helper()
	conn, err := net.Dial("tcp", c.Carbon.Address)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if v != "null" {
			fmt.Fprintf(conn, "%s %s %d\n", name, v, first.Add(time.Duration(i)*10*time.Second).Unix())
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// stored waits until Graphite has so many values of a series.
func (c carbon) stored(t *testing.T, name string, from, to time.Time, n int) {
	t.Helper()
	w, err := newGraphite(Deps{}.filled(), graphiteAsked(c, rollout.Gauge, rollout.Ask{Value: name}))
	if err != nil {
		t.Fatal(err)
	}
	processtest.Until(t, func() error {
		all, err := w.source.read(t.Context(), nil, name, from, to, 10*time.Second)
		if err != nil || len(all) != 1 || len(all[0].points) < n {
			return fmt.Errorf("%v: %w", all, errors.Join(err, errNotYet))
		}
		return nil
	})
}

func graphiteAsked(c carbon, kind rollout.MetricKind, ask rollout.Ask) asked {
	ask.Address = c.URL()
	return asked{name: "errors", kind: kind, ask: ask, service: "shop", every: time.Minute, secrets: map[string]string{}}
}

// Values of each ten seconds, looked at each minute. One that was not sent is missing,
// with its exposure, and not zero. Graphite is killed half way, and comes back; then
// Carbon is.
func graphiteKilled(t *testing.T, c carbon) {
	begin := time.Now().Truncate(time.Minute).Add(-20 * time.Minute)
	now := begin
	deps := Deps{Now: func() time.Time { return now }}.filled()
	s, err := newGraphite(deps, graphiteAsked(c, rollout.Counts, rollout.Ask{
		Events: "aliasByNode({{service}}.*.errors,1)", Exposure: "aliasByNode({{service}}.*.requests,1)", Host: "{{host}}_lan",
	}))
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"web1", "web2", "web3"}
	look := func(want string, gap string) {
		t.Helper()
		got, err := s.Sample(t.Context(), hosts)
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
		if (err != nil) != (gap != "") || (err != nil && !strings.Contains(err.Error(), gap)) {
			t.Errorf("the error is %v, want %q", err, gap)
		}
	}
	early := "its data is 30s late: the first comes after " + begin.Add(90*time.Second).Format(time.TimeOnly)
	look("[]", early)
	c.send(t, "shop.web1_lan.requests", begin, "10", "10", "10", "10", "10", "10", "10")
	c.send(t, "shop.web1_lan.errors", begin, "0", "1", "null", "0", "2", "0", "7")
	c.send(t, "shop.web2_lan.requests", begin, "20", "20", "null", "20", "20", "20")
	c.send(t, "shop.web2_lan.errors", begin, "0", "0", "5", "0", "0", "0")
	c.stored(t, "shop.web2_lan.errors", begin, begin.Add(time.Minute), 6)
	look("[]", early) // the minute is not over
	now = begin.Add(time.Minute + 31*time.Second)
	look("[{web1 errors count 3 50 0 []} {web2 errors count 0 100 0 []}]", "errors of web3: nothing is said of web3_lan (but of web1_lan, web2_lan)")
	look("[]", "") // no other minute is over

	hosts = []string{"web1"}
	c.Web.Kill(t)
	now = begin.Add(3*time.Minute + 31*time.Second)
	look("[]", "ask "+c.Web.Address)
	c.send(t, "shop.web1_lan.requests", begin.Add(70*time.Second), "10", "10", "10", "10", "10", "10")
	c.send(t, "shop.web1_lan.errors", begin.Add(70*time.Second), "1", "1", "1", "1", "1", "1")
	c.Web.Start(t)
	c.stored(t, "shop.web1_lan.errors", begin.Add(time.Minute), begin.Add(3*time.Minute), 7)
	look("[{web1 errors count 13 70 0 []}]", "")

	// Carbon keeps values for a while before they are on the disk: what is killed with it
	// is lost, so the past is looked at before that.
	past, err := s.Past(t.Context(), hosts, begin, begin.Add(4*time.Minute), time.Minute)
	if want := "[[{web1 errors count 3 50 0 []}] [{web1 errors count 12 60 0 []}] [{web1 errors count 1 10 0 []}] []]"; err != nil || fmt.Sprint(past) != want {
		t.Errorf("the past: %v, %v\nwant %s", past, err, want)
	}

	c.Carbon.Kill(t)
	now = begin.Add(4*time.Minute + 31*time.Second)
	look("[]", "errors of web1: it has no complete value since "+begin.Add(3*time.Minute).Format(time.TimeOnly))
	c.Carbon.Start(t)
	// What a relay has kept meanwhile is of the time that nothing was known of.
	c.send(t, "shop.web1_lan.requests", begin.Add(3*time.Minute), "10")
	c.send(t, "shop.web1_lan.errors", begin.Add(3*time.Minute), "1")
	c.stored(t, "shop.web1_lan.errors", begin.Add(3*time.Minute), begin.Add(4*time.Minute), 1)
	c.send(t, "shop.web1_lan.requests", begin.Add(4*time.Minute), "10", "10")
	c.send(t, "shop.web1_lan.errors", begin.Add(4*time.Minute), "0", "3")
	c.stored(t, "shop.web1_lan.errors", begin.Add(4*time.Minute), begin.Add(5*time.Minute), 2)
	now = begin.Add(5*time.Minute + 31*time.Second)
	look("[{web1 errors count 4 30 0 []}]", "")
}

func graphiteByHost(t *testing.T, c carbon) {
	begin := time.Now().Truncate(time.Minute).Add(-10 * time.Minute)
	now := begin
	deps := Deps{Now: func() time.Time { return now }}.filled()
	c.send(t, "hosts.web1_example_com.queue", begin, "1", "2", "3", "4", "5", "6")
	c.stored(t, "hosts.web1_example_com.queue", begin, begin.Add(time.Minute), 6)
	g, err := newGraphite(deps, graphiteAsked(c, rollout.Gauge, rollout.Ask{Value: "hosts.{{host}}.queue"}))
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"web1.example.com", "web2.example.com"}
	var gaps engine.Gaps
	if got, err := g.Sample(t.Context(), hosts); got != nil || !errors.As(err, &gaps) || !gaps[0].Early {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	now = begin.Add(time.Minute + 30*time.Second)
	got, err := g.Sample(t.Context(), hosts)
	if len(got) != 1 || got[0].Value != 6 || got[0].Host != hosts[0] || !errors.As(err, &gaps) || gaps[0].Host != hosts[1] {
		t.Fatalf("got %v, %v", got, err)
	}
	bad, err := newGraphite(deps, graphiteAsked(c, rollout.Gauge, rollout.Ask{Value: "nosuch(a.b)"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bad.source.read(t.Context(), hosts, "nosuch(a.b)", begin, now, time.Minute); err == nil || !strings.Contains(err.Error(), "it answered 400") {
		t.Errorf("a target that is none: %v", err)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bad.source.read(short, hosts, "a.b", begin, now, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	slow, err := newGraphite(deps, func() asked {
		a := graphiteAsked(c, rollout.Gauge, rollout.Ask{Value: "hosts.{{host}}.queue"})
		a.every = 5 * time.Second
		return a
	}())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.read(t.Context(), hosts, "hosts.{{host}}.queue", begin, begin.Add(time.Minute)); err == nil || !strings.Contains(err.Error(), "has a point each 10s, and is read each 5s: set every to 10s") {
		t.Errorf("points that are further apart: %v", err)
	}
}

func FuzzGraphite(f *testing.F) {
	f.Add([]byte(`[{"target":"web1","tags":{"name":"a"},"datapoints":[[null,60],[1.5,120]]}]`))
	f.Add([]byte(`[{"target":"web1","datapoints":[[1,1e300],[1]]},{"target":"web1","datapoints":[[2,60]]}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		series, err := parseGraphite(b)
		if err != nil {
			return
		}
		var all []track
		for _, s := range series {
			s.host("name")
			all = append(all, s.track(s.Target, time.Minute))
		}
		valid(t, all)
	})
}

// valid finds samples of tracks that no host can have.
func valid(t *testing.T, all []track) {
	by := map[string][]track{}
	points := 0
	for _, x := range all {
		if x.step <= 0 {
			t.Fatalf("a step of %s", x.step)
		}
		points += len(x.points)
		by[x.host] = append(by[x.host], x)
	}
	w := &windowed{asked: asked{name: "m", kind: rollout.Gauge, every: time.Minute}}
	from := time.Unix(0, 0)
	out, _ := w.values(keys(by), by, from, from.Add(5*time.Minute), time.Minute)
	for _, samples := range out {
		if len(samples) > points {
			t.Errorf("%d samples of %d points", len(samples), points)
		}
	}
	w.ask.Exposure = "x"
	w.counts(keys(by), by, by, from, from.Add(5*time.Minute), time.Minute)
}
