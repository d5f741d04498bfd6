package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// watch checks a server's health until ctx ends.
func (p *Proxy) watch(ctx context.Context, s *server) {
	client := &http.Client{
		Timeout:       p.cfg.Check.Timeout,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		timer.Reset(p.checkOnce(ctx, client, s))
	}
}

// checkOnce checks unless the server is in maint, and says when to come again.
func (p *Proxy) checkOnce(ctx context.Context, client *http.Client, s *server) time.Duration {
	p.mu.Lock()
	maint, generation := s.inMaint(), s.generation
	p.mu.Unlock()
	if !maint {
		r := probe(ctx, client, "http://"+s.address+p.cfg.Check.Path)
		if ctx.Err() != nil {
			return p.cfg.Check.Interval
		}
		p.mu.Lock()
		s.checked(r, generation, time.Now())
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.unsettled() {
		return p.cfg.Check.Fast
	}
	return p.cfg.Check.Interval
}

// probe makes one request and says how HAProxy would call its end.
func probe(ctx context.Context, client *http.Client, url string) result {
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return result{code: 5, name: "SOCKERR", text: err.Error()}
	}
	response, err := client.Do(request)
	took := time.Since(start)
	if err != nil {
		r := failure(err)
		r.took = took
		return r
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return result{code: 15, name: "L7OK", passed: true, http: response.StatusCode, took: took}
	}
	_, reason, _ := strings.Cut(response.Status, " ")
	return result{code: 17, name: "L7STS", http: response.StatusCode, text: reason, took: took}
}

func failure(err error) result {
	op, dialing := errors.AsType[*net.OpError](err)
	dialing = dialing && op.Op == "dial"
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		if dialing {
			return result{code: 7, name: "L4TOUT"}
		}
		return result{code: 12, name: "L7TOUT"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return result{code: 8, name: "L4CON", text: "Connection refused"}
	case dialing:
		return result{code: 8, name: "L4CON", text: op.Err.Error()}
	}
	return result{code: 13, name: "L7RSP", text: err.Error()}
}
