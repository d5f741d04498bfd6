package notifytest

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Request is one request as it came over the wire.
type Request struct {
	Method string
	Path   string // with its query
	Header http.Header
	Body   []byte
}

// Server is a contract server of one vendor.
type Server struct {
	URL string

	address string
	secure  *tls.Config // nil: none
	handler http.Handler
	server  *http.Server
	ended   chan struct{}

	mu     sync.Mutex // guards what follows
	lose   int
	seen   []Request
	told   []string
	faults []Fault
}

// Fault makes one request go wrong, before the contract sees it. Nil lets it through.
type Fault func(w http.ResponseWriter, r *http.Request)

// Contract says what a vendor's interface does with a request: what it answers, and the
// message's text if it accepted one.
type Contract func(r *http.Request, body []byte) (status int, header map[string]string, answer, told string)

// Serve starts a server with a contract until the test ends.
func Serve(t testing.TB, c Contract) *Server { return serve(t, c, false) }

// ServeTLS starts one whose certificate nobody trusts.
func ServeTLS(t testing.TB, c Contract) *Server { return serve(t, c, true) }

func serve(t testing.TB, c Contract, secure bool) *Server {
	s := &Server{}
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handle(w, r, c) })
	scheme := "http://"
	if secure {
		scheme = "https://"
		fake := httptest.NewTLSServer(nil)
		s.secure = fake.TLS.Clone()
		fake.Close()
	}
	s.address = "127.0.0.1:0"
	s.Up(t)
	s.URL = scheme + s.address
	t.Cleanup(func() { s.Down() })
	return s
}

// Up starts to listen again, where it did before.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.server = &http.Server{Handler: s.handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	if s.secure != nil {
		l = tls.NewListener(l, s.secure)
	}
	ended := make(chan struct{})
	s.ended = ended
	go func() {
		defer close(ended)
		_ = s.server.Serve(l) // it says that it was closed
	}()
}

// Down refuses connections from now on, and cuts those that there are.
func (s *Server) Down() {
	_ = s.server.Close()
	<-s.ended
}

// Requests are all requests that came through, accepted or not.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.seen...)
}

// Accepted are the messages that were accepted, in order.
func (s *Server) Accepted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.told...)
}

// Lose has the next answers to accepted messages never arrive.
func (s *Server) Lose(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = n
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request, c Contract) {
	if f := s.fault(); f != nil {
		f(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller went away
	}
	status, header, answer, told := c(r, body)
	s.mu.Lock()
	s.seen = append(s.seen, Request{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	lost := false
	if told != "" {
		s.told = append(s.told, told)
		lost = s.lose > 0
		s.lose--
	}
	s.mu.Unlock()
	if lost {
		hangUp(w)
		return
	}
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// Break makes the next requests go wrong, one after the other.
func (s *Server) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

func (s *Server) fault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return nil
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

// Status answers with a status and headers, in pairs.
func Status(code int, header ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, http.StatusText(code)+" for "+r.Header.Get("Authorization")+r.URL.String(), code)
	}
}

// HalfRead reads a little of the request and closes the connection.
func HalfRead(w http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadFull(r.Body, make([]byte, 5))
	hangUp(w)
}

// HalfAnswer sends the beginning of an answer that never says 200, and closes.
func HalfAnswer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 50")
			reset(c)
		}
	}
}

// Hang says nothing until the caller gives up.
func Hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			reset(c)
		}
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	if secure, ok := c.(*tls.Conn); ok {
		_ = secure.NetConn().Close()
		return
	}
	_ = c.Close()
}
