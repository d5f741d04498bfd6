package proxy

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// retries is how often another server is tried when one refuses the connection.
const retries = 3

// errNoServer means that no server of a backend takes requests.
var errNoServer = errors.New("no server is available")

// handler serves one frontend.
func (p *Proxy) handler(f *frontend) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.Host = r.In.Host
			r.Out.URL.Scheme = "http"
			r.Out.URL.Host = f.backend.name // the transport puts the server's address here
		},
		Transport:      &transport{proxy: p, backend: f.backend, to: p.transport()},
		ErrorHandler:   p.refuse(f),
		ModifyResponse: func(r *http.Response) error { p.counted(f, r.StatusCode); return nil },
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0), // what goes wrong is counted
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		f.begin()
		denied := f.Deny != "" && strings.HasPrefix(r.URL.Path, f.Deny)
		if denied {
			f.denied++
			f.answered(http.StatusForbidden)
		}
		p.mu.Unlock()
		defer p.locked(f.end)
		if denied {
			page(w, http.StatusForbidden, "Request forbidden by administrative rules.")
			return
		}
		p.locked(f.backend.begin)
		defer p.locked(f.backend.end)
		forward.ServeHTTP(w, r)
	})
}

func (p *Proxy) locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

func (p *Proxy) counted(f *frontend, status int) {
	p.locked(func() {
		f.answered(status)
		f.backend.answered(status)
	})
}

// refuse answers for a backend that did not.
func (p *Proxy) refuse(f *frontend) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() != nil {
			p.locked(func() { f.backend.aborts++ })
			return // the client has gone
		}
		status, text := http.StatusBadGateway, "The server returned an invalid or incomplete response."
		if errors.Is(err, errNoServer) || dialing(err) {
			status, text = http.StatusServiceUnavailable, "No server is available to handle this request."
			p.locked(func() { f.backend.connErrors++ })
		}
		p.counted(f, status)
		page(w, status, text)
	}
}

// page is an answer of the balancer's own, in HAProxy's words.
func page(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><body><h1>%d %s</h1>\n%s\n</body></html>\n", status, http.StatusText(status), text)
}

func (p *Proxy) transport() *http.Transport {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return &http.Transport{
		DialContext: dialer.DialContext, DisableCompression: true,
		MaxIdleConnsPerHost: 100, IdleConnTimeout: 5 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
	}
}

// transport sends a request to a server of a backend, and to another one when the
// first cannot be reached.
type transport struct {
	proxy   *Proxy
	backend *backend
	to      *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var last *server
	for try := 0; ; try++ {
		s := t.pick(last)
		if s == nil {
			return nil, errNoServer
		}
		last = s
		response, err := t.send(s, r)
		if err == nil {
			return response, nil
		}
		if !dialing(err) || try == retries || r.Context().Err() != nil {
			t.proxy.locked(func() { s.failed(err) })
			return nil, err
		}
		t.proxy.locked(func() { s.retries++ })
	}
}

// failed counts a request that ended on the server.
func (s *server) failed(err error) {
	if dialing(err) {
		s.connErrors++
		return
	}
	s.respErrors++
}

// send sends a request to a server; it counts as being served until its answer is read.
func (t *transport) send(s *server, r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Host = s.address
	response, err := t.to.RoundTrip(out)
	t.proxy.mu.Lock()
	defer t.proxy.mu.Unlock()
	if err != nil {
		s.end()
		return nil, err
	}
	s.answered(response.StatusCode)
	response.Body = &body{ReadCloser: response.Body, proxy: t.proxy, server: s}
	return response, nil
}

// body is an answer that is counted while it is read. One goroutine reads and closes it.
type body struct {
	io.ReadCloser
	proxy  *Proxy
	server *server
	bytes  int64
	closed bool
}

func (b *body) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	b.bytes += int64(n)
	return n, err
}

func (b *body) Close() error {
	if !b.closed {
		b.closed = true
		b.proxy.locked(func() {
			b.server.end()
			b.server.out += b.bytes
		})
	}
	return b.ReadCloser.Close()
}

func dialing(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
