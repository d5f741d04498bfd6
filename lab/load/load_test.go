package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// service answers as a number in the path says, with a version when asked for one.
func service(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// sent waits until so many answers of the last phase were counted.
func answered(t *testing.T, g *Generator, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		r := g.Report()
		p := r.Phases[len(r.Phases)-1]
		if p.OK+p.Failures() >= n {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("only %d of %d answers came", p.OK+p.Failures(), n)
		}
	}
}

func start(t *testing.T, cfg Config, name string) *Generator {
	t.Helper()
	g, err := Start(t.Context(), cfg, name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPhasesVersionsAndKinds(t *testing.T) {
	t.Parallel()
	var mode atomic.Value
	mode.Store("good")
	url := service(t, func(w http.ResponseWriter, _ *http.Request) {
		switch mode.Load() {
		case "good":
			w.Header().Set("X-Version", "1.0.0")
		case "bad":
			w.Header().Set("X-Version", "1.2.0")
			w.WriteHeader(http.StatusInternalServerError)
		case "balancer":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "broken":
			panic(http.ErrAbortHandler)
		}
	})
	g := start(t, Config{URL: url, Rate: 50, New: 0.25}, "good")
	for _, name := range []string{"good", "bad", "balancer", "broken"} {
		if name != "good" {
			mode.Store(name)
			g.Mark(name)
		}
		answered(t, g, 20)
	}
	r := g.Stop()
	if len(r.Phases) != 4 {
		t.Fatalf("%d phases, want 4", len(r.Phases))
	}
	sum := 0
	for _, p := range r.Phases {
		if p.OK+p.Failures() != p.Sent {
			t.Errorf("phase %s: sent %d, ok %d, failed %d: they do not add up", p.Name, p.Sent, p.OK, p.Failures())
		}
		sum += p.Sent
	}
	if r.Sent != sum || r.OK+r.Failed != r.Sent {
		t.Errorf("report: sent %d (phases %d), ok %d, failed %d", r.Sent, sum, r.OK, r.Failed)
	}
	// A request that was under way at a mark may meet the next behaviour: never an earlier one.
	for i, kind := range []Kind{OK, Service, Balancer, Transport} {
		p := r.Phases[i]
		count := p.Failed[kind]
		if kind == OK {
			count = p.OK
		}
		if count < 15 {
			t.Errorf("phase %s: %d of kind %s, want most of %d: %v", p.Name, count, kind, p.Sent, p.Failed)
		}
	}
	if v := r.Version("1.2.0"); v.Failed < 20 || v.OK != 0 {
		t.Errorf("version 1.2.0: %+v", v)
	}
	if v := r.Version("1.0.0"); v.OK < 20 || v.Failed != 0 {
		t.Errorf("version 1.0.0: %+v", v)
	}
	if lost := r.Lost(); lost != r.Failed-r.Version("1.2.0").Failed {
		t.Errorf("lost %d, failed %d of which the service answered %d", lost, r.Failed, r.Version("1.2.0").Failed)
	}
	if l := r.Phases[0].Latency; l.P50 <= 0 || l.P50 > l.P95 || l.P95 > l.P99 || l.P99 > l.Max {
		t.Errorf("latencies %+v", l)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	url := service(t, func(http.ResponseWriter, *http.Request) {})
	begin := time.Now()
	g := start(t, Config{URL: url, Rate: 1000}, "all")
	answered(t, g, 500)
	took := time.Since(begin)
	// 500 requests are due 499 ms after the first; never sooner, whatever the machine does.
	if took < 499*time.Millisecond {
		t.Errorf("500 requests at 1000 a second took %s", took)
	}
	sent := g.Stop().Sent
	if most := int(time.Since(begin)/time.Millisecond) + 1; sent > most {
		t.Errorf("%d were sent, at most %d were due", sent, most)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		new  float64
	}{{"kept", 0}, {"half", 0.5}, {"new", 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					made.Add(1)
				}
			}
			s.Start()
			t.Cleanup(s.Close)
			// One at a time: then the number of connections is known.
			g := start(t, Config{URL: s.URL, Rate: 200, New: c.new, Most: 1}, "all")
			answered(t, g, 60)
			r := g.Stop()
			n, ok := int(made.Load()), r.OK
			if (c.new == 0 && n != 1) || (c.new == 1 && n != ok) || n > ok || n < 1 || (c.new == 0.5 && n < 2) {
				t.Errorf("%d connections for %d requests with a share of %v new ones", n, ok, c.new)
			}
		})
	}
}

// A kept connection that the other side closes in the middle of a request is a
// failure that is counted, and the request is not sent again behind our back.
func TestBrokenKeptConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answerOnce(conn, &requests)
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	g := start(t, Config{URL: "http://" + l.Addr().String(), Rate: 50, Timeout: 2 * time.Second}, "all")
	answered(t, g, 10)
	r := g.Stop()
	if got := int(requests.Load()); r.Failed == 0 || got > r.Sent {
		t.Errorf("sent %d, failed %d, arrived %d", r.Sent, r.Failed, got)
	}
}

// answerOnce answers the first request of a connection and breaks it at the second.
func answerOnce(conn net.Conn, requests *atomic.Int64) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for i := range 2 {
		request, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		requests.Add(1)
		if i == 0 {
			request.Body.Close()
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Version: 1.0.0\r\nContent-Length: 0\r\n\r\n")
		}
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	url := service(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	})
	g := start(t, Config{URL: url, Rate: 1000, Most: 10}, "all")
	answered(t, g, 20) // the ten that may wait do, so these were not sent
	close(gate)
	r := g.Stop()
	if r.Phases[0].Failed[Unsent] < 20 || r.OK < 10 {
		t.Errorf("ok %d, failed %v", r.OK, r.Phases[0].Failed)
	}
}

func TestTimeoutAndRefusal(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	g := start(t, Config{URL: "http://" + l.Addr().String(), Rate: 100, Timeout: 50 * time.Millisecond}, "all")
	answered(t, g, 5)
	if p := g.Stop().Phases[0]; p.Failed[Transport] != p.Sent || len(p.Status) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestEndsWithContext(t *testing.T) {
	t.Parallel()
	url := service(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	g, err := Start(ctx, Config{URL: url, Rate: 100}, "all")
	if err != nil {
		t.Fatal(err)
	}
	answered(t, g, 3)
	cancel()
	<-g.done
	first, again := g.Stop(), g.Stop()
	if first.Sent != again.Sent || first.Sent < 3 {
		t.Errorf("sent %d, then %d", first.Sent, again.Sent)
	}
}

func TestManyReasons(t *testing.T) {
	t.Parallel()
	p := newPhase("all", time.Time{})
	for i := range 100 {
		p.count(answer{kind: Transport, why: strings.Repeat("x", i)})
	}
	if len(p.reasons) != mostReasons+1 || p.reasons[otherReason] != 100-mostReasons {
		t.Errorf("%d reasons, %d of them others", len(p.reasons), p.reasons[otherReason])
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{URL: "localhost:80"}, "begins with http://"},
		{Config{URL: "http://%zz"}, "begins with http://"},
		{Config{URL: "http://x", Rate: -1}, "1 to 100000"},
		{Config{URL: "http://x", New: 1.5}, "0 to 1"},
		{Config{URL: "http://x", Timeout: -1}, "less than 0"},
	} {
		if _, err := Start(t.Context(), c.cfg, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}
