package metric

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/haproxy/haproxytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// server answers as its path says: /ok, /500, /cut (no answer), /half (an answer cut off).
func server(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
		case "/404":
			w.WriteHeader(http.StatusNotFound)
		case "/slow":
			<-time.After(20 * time.Millisecond)
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/half":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	})}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// bench is one or more balancers with hosts w1 and dead, each reached by a frontend of its own.
type bench struct {
	balancers []*haproxytest.Process
	ports     []map[string]int // by host
	plan      *rollout.Plan
	pool      *haproxy.Pool
}

func newBench(t *testing.T, balancers int) *bench {
	t.Helper()
	hosts := map[string]int{"web-w1": server(t), "web-w2": server(t), "web-dead": processtest.Free(t, processtest.Loopback).Port}
	b := &bench{pool: &haproxy.Pool{}}
	t.Cleanup(func() { b.pool.Close() })
	setup := &rollout.HAProxy{Public: "checkout", Internal: "checkout_internal", Server: "web-{{host}}"}
	for range balancers {
		ports := map[string]int{}
		var front, back strings.Builder
		for name, port := range hosts {
			ports[name] = processtest.Free(t, processtest.Loopback).Port
			fmt.Fprintf(&front, "frontend %s\n  bind 127.0.0.1:%d\n  http-request set-header X-Server %s\n  use_backend checkout_internal if { path_beg /internal }\n  default_backend checkout\n", name, ports[name], name)
			fmt.Fprintf(&back, "  server %s 127.0.0.1:%d\n  use-server %s if { req.hdr(X-Server) %s }\n", name, port, name, name)
		}
		p := haproxytest.Start(t, front.String()+"backend checkout\n  retries 2\n"+back.String()+"backend checkout_internal\n"+back.String())
		b.balancers, b.ports = append(b.balancers, p), append(b.ports, ports)
		setup.Sockets = append(setup.Sockets, p.Socket)
	}
	b.plan = &rollout.Plan{Traffic: &rollout.Traffic{HAProxy: setup}}
	return b
}

// get makes a request to a host through a balancer; how it ends is of no interest.
func (b *bench) get(t *testing.T, balancer int, host, path string, times int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range times {
		response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", b.ports[balancer]["web-"+host], path))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body) // an answer that is cut off is what some of them ask for
		response.Body.Close()
	}
}

func (b *bench) source(t *testing.T) *HAProxy {
	t.Helper()
	s, err := NewHAProxy(b.pool, b.plan)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Sample(t.Context(), []string{"w1", "w2", "dead"}); err != nil || got != nil {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	return s
}

// expect samples until the balancer has counted all requests that were answered: a
// session is counted at its end, moments after the client has its answer.
func expect(t *testing.T, s engine.Source, want map[string][2]float64) {
	t.Helper()
	sum := map[string][2]float64{}
	for range 100 {
		samples, err := s.Sample(t.Context(), []string{"w1", "w2", "dead"})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range samples {
			if x.Metric != "errors" {
				t.Fatalf("metric %q", x.Metric)
			}
			sum[x.Host] = [2]float64{sum[x.Host][0] + x.Events, sum[x.Host][1] + x.Exposure}
		}
		if fmt.Sprint(sum) == fmt.Sprint(want) {
			return
		}
	}
	t.Fatalf("counted %v, want %v", sum, want)
}

func TestWhatCountsAsAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	s := b.source(t)
	b.get(t, 0, "w1", "/ok", 5)
	expect(t, s, map[string][2]float64{"w1": {0, 5}, "w2": {}, "dead": {}})
	b.get(t, 0, "w1", "/404", 2)
	expect(t, s, map[string][2]float64{"w1": {0, 2}, "w2": {}, "dead": {}})
	b.get(t, 0, "w1", "/500", 3)
	expect(t, s, map[string][2]float64{"w1": {3, 3}, "w2": {}, "dead": {}})
	b.get(t, 0, "w2", "/cut", 2)
	expect(t, s, map[string][2]float64{"w1": {}, "w2": {2, 2}, "dead": {}})
	b.get(t, 0, "w2", "/half", 2)
	expect(t, s, map[string][2]float64{"w1": {}, "w2": {2, 2}, "dead": {}})
	b.get(t, 0, "w1", "/internal", 4)
	expect(t, s, map[string][2]float64{"w1": {0, 4}, "w2": {}, "dead": {}})
	// Refused, tried again, refused: one request, one error.
	b.get(t, 0, "dead", "/ok", 1)
	expect(t, s, map[string][2]float64{"w1": {}, "w2": {}, "dead": {1, 1}})
}

func TestBalancersAreSummed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	s := b.source(t)
	b.get(t, 0, "w1", "/500", 1)
	b.get(t, 1, "w1", "/ok", 4)
	b.get(t, 1, "w2", "/500", 2)
	expect(t, s, map[string][2]float64{"w1": {1, 5}, "w2": {2, 2}, "dead": {}})
}

func TestABalancerThatDoesNotAnswerIsAnErrorAndNothingIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	s := b.source(t)
	b.get(t, 0, "w1", "/500", 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := s.Sample(ctx, []string{"w1"}); !errors.Is(err, context.Canceled) || got != nil {
		t.Fatalf("cancelled: %v, %v", got, err)
	}
	expect(t, s, map[string][2]float64{"w1": {2, 2}, "w2": {}, "dead": {}})
	b.balancers[1].Stop()
	got, err := s.Sample(t.Context(), []string{"w1"})
	if !errors.Is(err, haproxy.ErrUnreachable) || got != nil || !strings.Contains(err.Error(), b.balancers[1].Socket) {
		t.Fatalf("stopped: %v, %v", got, err)
	}
}

// Counters begin anew with a reload, or when somebody clears them: nothing negative,
// nothing for that interval, and right again afterwards.
func TestCountersThatBeginAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	s := b.source(t)
	for name, reset := range map[string]func(){
		"reload": b.balancers[0].Reload,
		"clear":  func() { b.balancers[0].Ask("clear counters all") },
	} {
		b.get(t, 0, "w1", "/ok", 10)
		expect(t, s, map[string][2]float64{"w1": {0, 10}, "w2": {}, "dead": {}})
		reset()
		// More than before, after a reload: the process tells, not the counter.
		if name == "reload" {
			b.get(t, 0, "w1", "/500", 30)
		}
		got, err := s.Sample(t.Context(), []string{"w1"})
		if err != nil || len(got) != 0 {
			t.Fatalf("%s: %v, %v", name, got, err)
		}
	}
	b.get(t, 0, "w1", "/500", 3)
	expect(t, s, map[string][2]float64{"w1": {3, 3}, "w2": {}, "dead": {}})
}

// A host that the balancers do not have is named, and the others are told of all the same.
func TestAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	s := b.source(t)
	got, err := s.Sample(t.Context(), []string{"w9", "w1"})
	var gaps engine.Gaps
	if !errors.As(err, &gaps) || len(gaps) != 1 || gaps[0].Host != "w9" || !strings.Contains(gaps[0].Reason, "checkout/web-w9 on "+b.balancers[0].Socket) {
		t.Errorf("got %v", err)
	}
	if len(got) != 1 || got[0].Host != "w1" {
		t.Errorf("got %v", got)
	}
}

// The average times of HAProxy go back 1024 requests: they are told when as many were
// made since they were told last, and not before.
func TestLatencyOfRequestsThatAreNew(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	s, err := NewHAProxy(b.pool, b.plan, rollout.Metric{Name: "slow", Kind: rollout.Gauge, Ask: &rollout.Ask{Value: "rtime"}})
	if err != nil {
		t.Fatal(err)
	}
	look := func() []engine.Sample {
		t.Helper()
		got, err := s.Sample(t.Context(), []string{"w1", "w2"})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := look(); got != nil {
		t.Fatalf("the first call: %v", got)
	}
	b.get(t, 0, "w1", "/slow", 40)
	if got := look(); got != nil {
		t.Fatalf("after 40 requests: %v", got)
	}
	b.get(t, 0, "w1", "/ok", 990)
	got := look()
	for range 100 {
		if got != nil {
			break
		}
		got = look() // a session is counted at its end, moments after the client has its answer
	}
	if len(got) != 1 || got[0].Host != "w1" || got[0].Metric != "slow" || got[0].Kind != rollout.Gauge || got[0].Value < 0 || got[0].Value > 50 {
		t.Fatalf("after 1030 requests: %v", got)
	}
	if got := look(); got != nil {
		t.Fatalf("the next look: %v", got)
	}
}
