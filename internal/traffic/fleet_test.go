package traffic

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/haproxy/haproxytest"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// backend is one host's service: a real HTTP server that can be stopped and started.
type backend struct {
	name     string
	port     int
	shut     atomic.Bool  // public requests must not come
	public   atomic.Int64 // requests from the public frontend
	internal atomic.Int64
	strays   atomic.Int64 // public requests while shut
	hold     chan struct{}
	server   *http.Server
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Header.Get("X-Front") {
	case "public":
		b.public.Add(1)
		if b.shut.Load() {
			b.strays.Add(1)
		}
	case "internal":
		b.internal.Add(1)
	}
	if r.URL.Path == "/hold" {
		select {
		case <-b.hold:
		case <-r.Context().Done():
		}
	}
	fmt.Fprintln(w, b.name)
}

func (b *backend) start(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", b.port))
	if err != nil {
		t.Fatal(err)
	}
	b.port = l.Addr().(*net.TCPAddr).Port
	b.server = &http.Server{Handler: b}
	go b.server.Serve(l)
}

// stop ends the service at once, as a crash would.
func (b *backend) stop() { b.server.Close() }

// fleet is hosts w1 to wN behind one or more real balancers.
type fleet struct {
	hosts     map[string]*backend
	balancers []*haproxytest.Process
	public    []string // URL of each balancer
	internal  []string
	plan      *rollout.Plan
	traffic   *HAProxy
	check     func(context.Context) error // of every job; nil: none
}

// options of a fleet's balancers; each is text of the configuration.
type options struct {
	hosts, balancers int
	public           string // lines of the public backend
	publicServer     string // of each server there
	internalServer   string
	drain            time.Duration
}

func newFleet(t *testing.T, o options) *fleet {
	t.Helper()
	f := &fleet{hosts: map[string]*backend{}}
	var names []string
	for i := range o.hosts {
		b := &backend{name: fmt.Sprintf("w%d", i+1), hold: make(chan struct{})}
		b.start(t)
		t.Cleanup(b.stop)
		f.hosts[b.name] = b
		names = append(names, b.name)
	}
	if o.publicServer == "" {
		o.publicServer = "check inter 100ms"
	}
	if o.internalServer == "" {
		o.internalServer = "check inter 100ms disabled"
	}
	setup := &rollout.HAProxy{Public: "checkout", Internal: "checkout_internal", Drain: o.drain}
	for range max(1, o.balancers) {
		public, internal := processtest.Free(t, processtest.Loopback).Port, processtest.Free(t, processtest.Loopback).Port
		p := haproxytest.Start(t, f.config(o, names, public, internal))
		f.balancers = append(f.balancers, p)
		f.public = append(f.public, fmt.Sprintf("http://127.0.0.1:%d", public))
		f.internal = append(f.internal, fmt.Sprintf("http://127.0.0.1:%d", internal))
		setup.Sockets = append(setup.Sockets, p.Socket)
	}
	f.plan = &rollout.Plan{Traffic: &rollout.Traffic{HAProxy: setup}}
	for _, name := range names {
		f.plan.Hosts = append(f.plan.Hosts, rollout.Host{Name: name})
	}
	pool := &haproxy.Pool{}
	t.Cleanup(func() { pool.Close() })
	f.traffic = NewHAProxy(pool)
	f.traffic.upLeast = 10 * time.Second
	f.plan.Spec.Health = &rollout.Health{Within: 10 * time.Second}
	return f
}

// checks of both backends. A service that is slow to answer, as all are on a busy machine, is
// not down: HAProxy would give it only the time between two checks.
const checks = "  option httpchk GET /_status\n  timeout check 10s\n"

func (f *fleet) config(o options, names []string, public, internal int) string {
	var b strings.Builder
	for front, port := range map[string]int{"public": public, "internal": internal} {
		fmt.Fprintf(&b, "frontend %s\n  bind 127.0.0.1:%d\n  http-request set-header X-Front %s\n", front, port, front)
		fmt.Fprintf(&b, "  default_backend %s\n", map[string]string{"public": "checkout", "internal": "checkout_internal"}[front])
	}
	fmt.Fprintf(&b, "backend checkout\n%s%s", checks, o.public)
	for _, name := range names {
		fmt.Fprintf(&b, "  server %s 127.0.0.1:%d weight 100 %s\n", name, f.hosts[name].port, strings.ReplaceAll(o.publicServer, "NAME", name))
	}
	b.WriteString("backend checkout_internal\n" + checks)
	for _, name := range names {
		fmt.Fprintf(&b, "  server %s 127.0.0.1:%d %s\n", name, f.hosts[name].port, strings.ReplaceAll(o.internalServer, "NAME", name))
	}
	return b.String()
}

// run does one command and returns the reports by host.
func (f *fleet) run(t *testing.T, kind rollout.CommandKind, exposure rollout.Exposure, was map[string]string, hosts ...string) map[string]engine.Report {
	t.Helper()
	reports := map[string]engine.Report{}
	job := engine.Job{Plan: f.plan, Balancer: was, Command: rollout.Command{Kind: kind, Exposure: exposure, Hosts: hosts}, Check: f.check}
	err := f.traffic.Run(t.Context(), job, func(r engine.Report) {
		if _, twice := reports[r.Host]; twice {
			t.Errorf("%s was reported twice", r.Host)
		}
		reports[r.Host] = r
	})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	if len(reports) != len(hosts) {
		t.Fatalf("%s: %d reports of %d hosts", kind, len(reports), len(hosts))
	}
	return reports
}

// begin starts a command for w1 and returns where its report will be.
func (f *fleet) begin(t *testing.T, ctx context.Context, kind rollout.CommandKind, was map[string]string) (<-chan engine.Report, <-chan error) {
	t.Helper()
	reports, ended := make(chan engine.Report, 1), make(chan error, 1)
	job := engine.Job{Plan: f.plan, Balancer: was, Command: rollout.Command{Kind: kind, Hosts: []string{"w1"}}}
	go func() { ended <- f.traffic.Run(ctx, job, func(r engine.Report) { reports <- r }) }()
	return reports, ended
}

// must is run where every host must end ok.
func (f *fleet) must(t *testing.T, kind rollout.CommandKind, exposure rollout.Exposure, was map[string]string, hosts ...string) map[string]engine.Report {
	t.Helper()
	reports := f.run(t, kind, exposure, was, hosts...)
	for _, r := range reports {
		if r.Outcome != rollout.OK {
			t.Fatalf("%s %s of %s: %s: %s", kind, exposure, r.Host, r.Outcome, r.Reason)
		}
	}
	return reports
}

func (f *fleet) record(t *testing.T, hosts ...string) map[string]string {
	t.Helper()
	was := map[string]string{}
	for host, r := range f.must(t, rollout.Record, "", nil, hosts...) {
		was[host] = r.Balancer
	}
	return was
}

// restart is what an update does to a service: it is away, and another one comes.
func (f *fleet) restart(t *testing.T, hosts ...string) {
	t.Helper()
	for _, host := range hosts {
		f.hosts[host].stop()
	}
	for _, host := range hosts {
		f.hosts[host].start(t)
	}
}

// states returns "state weight" of all servers of a balancer by backend/server.
func (f *fleet) states(t *testing.T, balancer int) map[string]string {
	t.Helper()
	c, err := haproxy.New(f.balancers[balancer].Socket)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, backend := range []string{"checkout", "checkout_internal"} {
		servers, err := c.Servers(t.Context(), backend)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range servers {
			all[backend+"/"+s.Name] = fmt.Sprint(s.Admin, " ", s.Weight)
		}
	}
	return all
}

// load sends requests without a pause until it is stopped.
type load struct {
	sent, failed atomic.Int64
	mu           sync.Mutex // guards first
	first        string     // failure
	cancel       context.CancelFunc
	workers      sync.WaitGroup
}

// startLoad sends at least rate requests a second to each URL, half of them over
// connections that are kept, half over a new one each.
func startLoad(t *testing.T, rate int, cookie string, urls ...string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	const workers = 8
	every := time.Second * workers / time.Duration(rate)
	for _, url := range urls {
		for i := range workers {
			transport := &http.Transport{DisableKeepAlives: i%2 == 0}
			l.workers.Go(func() {
				defer transport.CloseIdleConnections()
				l.work(ctx, &http.Client{Transport: transport, Timeout: 5 * time.Second}, every, cookie, url)
			})
		}
	}
	t.Cleanup(func() { l.stop() })
	return l
}

func (l *load) work(ctx context.Context, c *http.Client, every time.Duration, cookie, url string) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l.sent.Add(1)
		if err := get(c, url, cookie); err != nil {
			l.failed.Add(1)
			l.mu.Lock()
			if l.first == "" {
				l.first = err.Error()
			}
			l.mu.Unlock()
		}
	}
}

func get(c *http.Client, url, cookie string) error {
	request, err := http.NewRequest("GET", url+"/", nil)
	if err != nil {
		return err
	}
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return err
}

// stop ends the load and returns how many requests were sent. It may be called twice.
func (l *load) stop() int64 {
	l.cancel()
	l.workers.Wait()
	return l.sent.Load()
}

// until waits for a condition that the running load will bring about.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if f() {
			return
		}
		<-tick.C
	}
	t.Fatalf("not within 10 s: %s", what)
}
