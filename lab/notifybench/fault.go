package notifybench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"
)

// contender is one kind of channel.
type contender struct {
	name, about string
	answer      http.HandlerFunc // nil: there is no server
	secure      bool             // with a certificate that nobody trusts
}

// slowness is how long a slow channel takes for an answer.
const slowness = 30 * time.Second

// without is the name of the contender that all are compared with.
const without = "no channel"

func contenders() []contender {
	fine := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	return []contender{
		{name: without, about: "nobody is told"},
		{name: "fine", about: "takes every message at once", answer: fine},
		{name: "down", about: "refuses connections"},
		{name: "slow", about: fmt.Sprintf("answers after %s", slowness), answer: func(w http.ResponseWriter, r *http.Request) {
			timer := time.NewTimer(slowness)
			defer timer.Stop()
			select {
			case <-timer.C:
				fine(w, r)
			case <-r.Context().Done():
			}
		}},
		{name: "429", about: "asks to come back in 5 s", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "5")
			w.WriteHeader(http.StatusTooManyRequests)
		}},
		{name: "500", about: "answers with a server error", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
		}},
		{name: "half an answer", about: "closes half way", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half of ")
			panic(http.ErrAbortHandler)
		}},
		{name: "invalid TLS", about: "has a certificate that nobody trusts", answer: fine, secure: true},
	}
}

// serve starts the server of a contender, and returns its address and what ends it.
func (c contender) serve(ctx context.Context) (url string, stop func()) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c.answer(w, r.WithContext(ctx))
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if c.answer == nil {
		url = "http://" + s.Listener.Addr().String()
		s.Listener.Close()
		return url, func() {}
	}
	if c.secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	return s.URL, func() { s.CloseClientConnections(); s.Close() }
}
