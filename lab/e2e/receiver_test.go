package e2e

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// receiver is a webhook's other end. It keeps one message of each Idempotency-Key, as its
// users are told to.
type receiver struct {
	URL string

	address string
	secure  *tls.Config // nil: none
	server  *http.Server
	ended   chan struct{}

	mu    sync.Mutex // guards what follows
	fault http.HandlerFunc
	keys  []string // of messages that were accepted, in order
	twice int      // copies that were not
}

// receive starts a receiver that fails in a way until it is mended; nil: it works.
func receive(t *testing.T, secure bool, fault http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{fault: fault, address: "127.0.0.1:0"}
	scheme := "http://"
	if secure {
		scheme = "https://"
		s := httptest.NewTLSServer(nil)
		r.secure = s.TLS.Clone()
		s.Close()
	}
	r.up(t)
	r.URL = scheme + r.address
	t.Cleanup(r.down)
	return r
}

// up listens, where it did before.
func (r *receiver) up(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.address = l.Addr().String()
	r.server = &http.Server{Handler: r, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	if r.secure != nil {
		l = tls.NewListener(l, r.secure)
	}
	server, ended := r.server, make(chan struct{})
	r.ended = ended
	go func() {
		defer close(ended)
		_ = server.Serve(l) // it says that it was closed
	}()
}

func (r *receiver) down() {
	_ = r.server.Close()
	<-r.ended
}

// mend has it work from now on.
func (r *receiver) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = nil
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	fault := r.fault
	r.mu.Unlock()
	_, err := io.Copy(io.Discard, q.Body)
	if fault != nil || err != nil {
		if fault != nil {
			fault(w, q)
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := q.Header.Get("Idempotency-Key"); !slices.Contains(r.keys, key) {
		r.keys = append(r.keys, key)
	} else {
		r.twice++
	}
}

// accepted are the keys of the messages that were accepted, in order.
func (r *receiver) accepted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys)
}

// trusted writes the certificate of a receiver where slipway can be told to trust it.
func (r *receiver) trusted(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.secure.Certificates[0].Certificate[0]})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stall answers nothing until the test ends.
func stall(ctx context.Context) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-ctx.Done():
		case <-r.Context().Done():
		}
	}
}

// halfWay breaks the connection in the middle of an answer.
func halfWay(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "half of ")
	panic(http.ErrAbortHandler)
}

// limited answers that there were too many requests, and names when the next may come.
func limited(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
}

func broken(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
