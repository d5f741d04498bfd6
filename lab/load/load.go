package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Config says what to send.
type Config struct {
	URL  string  // every request is a GET of it
	Rate int     // requests a second; 200 when 0
	New  float64 // share of requests that open a connection of their own; the others keep theirs alive
	// Timeout is how long an answer may take, 10 s when 0. Most is how many requests
	// may be under way, 1000 when 0: one more than that is not sent, and counted as
	// failed.
	Timeout time.Duration
	Most    int
}

// Generator sends requests until it is stopped.
type Generator struct {
	cfg    Config
	cancel context.CancelFunc
	done   chan struct{} // closed when the last answer is in
	kept   *http.Client
	fresh  *http.Client

	mu     sync.Mutex // guards what follows
	phases []*phase
	flying int
}

// Start begins to send, in a phase of the given name. It sends until ctx ends or Stop
// is called, and never after.
func Start(ctx context.Context, cfg Config, name string) (*Generator, error) {
	if cfg.Rate == 0 {
		cfg.Rate = 200
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Most == 0 {
		cfg.Most = 1000
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	g := &Generator{cfg: cfg, cancel: cancel, done: make(chan struct{}), kept: client(cfg, false), fresh: client(cfg, true)}
	g.Mark(name)
	go g.run(ctx)
	return g, nil
}

func (c Config) check() error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("load on %q: it must be a URL that begins with http:// or https://", c.URL)
	}
	if c.Rate < 1 || c.Rate > 100_000 {
		return fmt.Errorf("load of %d requests a second: it can be 1 to 100000", c.Rate)
	}
	if !(c.New >= 0 && c.New <= 1) {
		return fmt.Errorf("a share of %v requests with new connections: it can be 0 to 1", c.New)
	}
	if c.Timeout < 0 || c.Most < 0 {
		return errors.New("timeout and number of requests under way cannot be less than 0")
	}
	return nil
}

// client never follows a redirect, uses a proxy, or sends a request twice: what
// happened to a request must be what is counted.
func client(cfg Config, fresh bool) *http.Client {
	dialer := net.Dialer{Timeout: cfg.Timeout}
	return &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: fresh, DisableCompression: true,
			MaxIdleConnsPerHost: cfg.Most, IdleConnTimeout: time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Mark begins a new phase: requests sent from now on count there.
func (g *Generator) Mark(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.phases = append(g.phases, newPhase(name, time.Now()))
}

// Stop sends nothing more, waits for the answers under way, and returns the report.
// It may be called again, and after ctx has ended.
func (g *Generator) Stop() Report {
	g.cancel()
	<-g.done
	g.kept.CloseIdleConnections()
	return g.Report()
}

// Report is what was counted so far.
func (g *Generator) Report() Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return report(g.phases)
}

// run sends at fixed times, however long answers take, so that a service that stalls
// is seen to stall.
func (g *Generator) run(ctx context.Context) {
	defer close(g.done)
	var flying sync.WaitGroup
	defer flying.Wait()
	interval := time.Second / time.Duration(g.cfg.Rate)
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	share := 0.0
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for ; !time.Now().Before(next); next = next.Add(interval) {
			share += g.cfg.New
			fresh := share >= 1
			if fresh {
				share--
			}
			g.send(ctx, &flying, fresh)
		}
		timer.Reset(time.Until(next))
	}
}

// send sends one request, unless too many are under way.
func (g *Generator) send(ctx context.Context, flying *sync.WaitGroup, fresh bool) {
	g.mu.Lock()
	p := g.phases[len(g.phases)-1]
	full := g.flying >= g.cfg.Most
	p.sent++
	if full {
		p.count(answer{kind: Unsent, why: fmt.Sprintf("%d requests were under way already", g.cfg.Most)})
	} else {
		g.flying++
	}
	g.mu.Unlock()
	if full {
		return
	}
	flying.Go(func() {
		// A request that was sent gets its answer, also when the load ends meanwhile.
		a := g.ask(context.WithoutCancel(ctx), fresh)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.flying--
		p.count(a)
	})
}

// ask makes one request and says what became of it.
func (g *Generator) ask(ctx context.Context, fresh bool) answer {
	client := g.kept
	if fresh {
		client = g.fresh
	}
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.cfg.URL, once{})
	if err != nil {
		return answer{kind: Transport, why: err.Error()}
	}
	request.Header.Set("User-Agent", "slipway-load")
	response, err := client.Do(request)
	if err != nil {
		return answer{kind: Transport, why: reason(err), took: time.Since(start)}
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	a := answer{status: response.StatusCode, version: response.Header.Get("X-Version"), took: time.Since(start)}
	switch {
	case err != nil:
		a.kind, a.why = Transport, reason(err)
	case a.status < 400:
		a.kind = OK
	case a.version != "":
		a.kind, a.why = Service, fmt.Sprintf("%s answered %s", a.version, response.Status)
	default:
		a.kind, a.why = Balancer, response.Status
	}
	return a
}

// once is an empty body that net/http cannot rewind: without it a GET is silently
// sent again when its connection breaks, and the break is never counted.
type once struct{}

func (once) Read([]byte) (int, error) { return 0, io.EOF }

// reason is an error without the URL in front of it, which is always the same.
func reason(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return err.Error()
}
