package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/haproxy"
)

// gate is a server whose answers wait until they are let go.
func gate(t *testing.T) (address string, arrived chan struct{}, open func()) {
	t.Helper()
	l := listen(t)
	arrived, wait := make(chan struct{}, 10), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/_status", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/cart", func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-wait
		io.WriteString(w, "late")
	})
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return l.Addr().String(), arrived, func() { close(wait) }
}

// A server that is drained finishes what it serves, and is seen to serve until then.
func TestDrainWaits(t *testing.T) {
	t.Parallel()
	address, arrived, open := gate(t)
	s := ours(t, []Server{{Name: "web1", Address: address}}, "/_status")
	answers := make(chan string, 1)
	go func() {
		response, err := http.Get(s.public + "/cart")
		if err != nil {
			answers <- err.Error()
			return
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		answers <- fmt.Sprint(string(text), err)
	}()
	<-arrived
	s.ask(t, "set server checkout/web1 state drain")
	if code, _ := s.fetch(t, s.public+"/cart"); code != http.StatusServiceUnavailable {
		t.Errorf("a new request is answered %d while the only server is drained", code)
	}
	serving := func() string { return s.table(t, "show stat checkout 4 1")["checkout/web1"]["scur"] }
	if now := serving(); now != "1" {
		t.Errorf("it serves %s requests, want 1", now)
	}
	open()
	if got := <-answers; got != "late<nil>" {
		t.Errorf("the request under way got %q", got)
	}
	eventually(t, "drained", func() error {
		if now := serving(); now != "0" {
			return fmt.Errorf("it serves %s", now)
		}
		return nil
	})
}

// A server that refuses connections costs no request before its checks find out.
func TestRefusedConnectionsAreTriedElsewhere(t *testing.T) {
	t.Parallel()
	alive := service(t, "alive")
	s := ours(t, []Server{{Name: "web1", Address: nobody}, {Name: "web2", Address: alive}}, "/_status")
	for range 10 {
		if code, text := s.fetch(t, s.public+"/cart"); code != 200 || text != "alive" {
			t.Errorf("answered %d %q", code, text)
		}
	}
}

// A server that breaks connections makes the balancer answer 502, as its own error.
func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	l := listen(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	s := ours(t, []Server{{Name: "web1", Address: l.Addr().String()}}, "/_status")
	s.ask(t, "set server checkout/web1 health up")
	eventually(t, "a request reaches it", func() error {
		s.ask(t, "set server checkout/web1 health up") // its checks say otherwise
		if code, text := s.fetch(t, s.public+"/cart"); code != http.StatusBadGateway || !strings.Contains(text, "502 Bad Gateway") {
			return fmt.Errorf("answered %d %q", code, text)
		}
		return nil
	})
	if n := s.table(t, "show stat checkout 4 1")["checkout/web1"]["eresp"]; n == "0" {
		t.Error("no error of its answer is counted")
	}
}

// Slipway's own client works with it as with HAProxy.
func TestClient(t *testing.T) {
	t.Parallel()
	s := ours(t, []Server{{Name: "web1", Address: service(t, "one")}, {Name: "web2", Address: nobody}}, "/_status")
	s.settled(t)
	c, err := haproxy.New(s.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if info, err := c.Info(t.Context()); err != nil || info.Node != "test" || info.Pid == 0 || info.Started == 0 {
		t.Errorf("info %+v: %v", info, err)
	}
	if err := c.SetWeight(t.Context(), "checkout", "web1", 10); err != nil {
		t.Error(err)
	}
	if err := c.SetState(t.Context(), "checkout", "web1", haproxy.Drain); err != nil {
		t.Error(err)
	}
	servers, err := c.Servers(t.Context(), "checkout")
	if err != nil || len(servers) != 2 {
		t.Fatalf("%+v: %v", servers, err)
	}
	want := haproxy.Server{Backend: "checkout", Name: "web1", ID: 1, Admin: haproxy.Drain, Up: true, Checked: true, Weight: 10, Initial: 100}
	if servers[0] != want {
		t.Errorf("got %+v, want %+v", servers[0], want)
	}
	if servers[1].Up || servers[1].Admin != haproxy.Ready {
		t.Errorf("a server that nobody runs: %+v", servers[1])
	}
	if err := c.Recheck(t.Context(), "checkout", "web1", true); err != nil {
		t.Error(err)
	}
	eventually(t, "proven again", func() error {
		stats, err := c.Stats(t.Context(), "checkout", 1)
		if err != nil || len(stats) != 1 || !stats[0].Proven() || !stats[0].Checked() || !stats[0].Distinct() {
			return fmt.Errorf("%+v: %w", stats, err)
		}
		return nil
	})
	if err := c.SetState(t.Context(), "checkout", "web9", haproxy.Maint); err == nil {
		t.Error("a server that is not there can be set")
	}
}

func TestWrongConfig(t *testing.T) {
	t.Parallel()
	at := func(name, address string) Backend {
		return Backend{Name: "b", Servers: []Server{{Name: name, Address: address}}}
	}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Backends: []Backend{{Name: "a b"}}}, `backend "a b"`},
		{Config{Backends: []Backend{{Name: "b"}, {Name: "b"}}}, "backend b is there twice"},
		{Config{Backends: []Backend{at("", "h:1")}}, `server ""`},
		{Config{Backends: []Backend{at("s", "h")}}, "server b/s: address h: missing port"},
		{Config{Backends: []Backend{{Name: "b", Servers: []Server{{Name: "s", Address: "h:1"}, {Name: "s", Address: "h:2"}}}}}, "server b/s is there twice"},
		{Config{Backends: []Backend{{Name: "b", Servers: []Server{{Name: "s", Address: "h:1", Weight: 300}}}}}, "weight 300; it can have 0 to 256"},
		{Config{Frontends: []Frontend{{Name: "f", Backend: "b"}}}, `gives to backend "b", which is not there`},
		{Config{Check: Check{Rise: -1}}, "cannot be less than 0"},
	} {
		if _, err := New(c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// Requests are shared by weight to within one, over any sum of weights.
func TestShares(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 6).Draw(t, "weights")
		b := &backend{}
		sum := 0
		for i, w := range weights {
			s := newServer(Server{Name: fmt.Sprint(i), Weight: 1}, "b", i, Check{}.withDefaults(), false, time.Time{})
			s.weight = w
			sum += w
			b.servers = append(b.servers, s)
		}
		given := map[*server]int{}
		for range 3 * sum {
			given[b.next(nil)]++
		}
		for i, s := range b.servers {
			if given[s] != 3*weights[i] {
				t.Fatalf("server %d of weight %d got %d of %d requests, want %d", i, weights[i], given[s], 3*sum, 3*weights[i])
			}
		}
		if sum == 0 && b.next(nil) != nil {
			t.Fatal("a server of weight 0 gets requests")
		}
	})
}

// Whatever happens to a server, what it says of itself holds together.
func TestServerStates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		check := Check{Rise: rapid.IntRange(1, 3).Draw(t, "rise"), Fall: rapid.IntRange(1, 3).Draw(t, "fall")}.withDefaults()
		now := time.Unix(0, 0)
		s := newServer(Server{Name: "s", Address: "h:1"}, "b", 1, check, rapid.Bool().Draw(t, "disabled"), now)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Second)
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				s.set(rapid.SampledFrom([]int{0, forcedDrain, forcedMaint}).Draw(t, "bits"), now)
			case 1:
				s.believe(rapid.Bool().Draw(t, "up"), now)
			default:
				stale := rapid.Bool().Draw(t, "stale")
				before := *s
				generation := s.generation
				if stale {
					generation--
				}
				s.checked(result{passed: rapid.Bool().Draw(t, "passed")}, generation, now)
				if stale && *s != before {
					t.Fatal("a check from before counts")
				}
			}
			if s.inMaint() && (s.running || s.health != 0) {
				t.Fatalf("in maint, it runs (%v) with health %d", s.running, s.health)
			}
			if s.running != (s.health >= check.Rise) || s.health < 0 || s.health > s.full() {
				t.Fatalf("running is %v with health %d of %d, rise %d", s.running, s.health, s.full(), check.Rise)
			}
			if word := s.status(); s.takes() != strings.HasPrefix(word, "UP") {
				t.Fatalf("it takes requests (%v) and says %s", s.takes(), word)
			}
		}
	})
}

// Whatever is sent to the socket, it answers, and says only what HAProxy could.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"show stat", "show stat b 4 -1", "set server b/s weight 5%", "set server b/s state drain", "get weight /", "set server b/s weight +", "show servers state b", "show stat -1 99999999999999999999 x"} {
		f.Add(seed)
	}
	p, err := New(Config{Backends: []Backend{{Name: "b", Servers: []Server{{Name: "s", Address: "h:1"}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, command string) {
		p.answer(command)
		s := p.backends[0].servers[0]
		if s.weight < 0 || s.weight > mostWeight {
			t.Errorf("%q sets weight %d", command, s.weight)
		}
	})
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	s := ours(t, nil, "/")
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, strings.Repeat("x", 2*longestLine)) //nolint:errcheck // it may hang up in the middle
	text, _ := io.ReadAll(conn)                              // or have done so
	if len(text) > 0 && !strings.HasPrefix(string(text), "Unknown command") {
		t.Errorf("answers %q", text)
	}
}
