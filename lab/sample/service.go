package sample

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// mostLeak bounds what one request may leak, so that a slip of the hand does not take
// the whole machine.
const mostLeak = 64 << 20

// Service answers requests as its release says.
type Service struct {
	release  Release
	host     string
	currency string
	started  time.Time

	work time.Duration // how long a cart takes in the middle

	mu        sync.Mutex // guards what follows
	behaviour Behaviour
	requests  int
	failed    int
	leaked    [][]byte
	took      histogram
}

// Status is the answer of /_status.
type Status struct {
	Service  string    `json:"service"`
	Version  string    `json:"version"`
	Host     string    `json:"host"`
	Healthy  bool      `json:"healthy"`
	Started  time.Time `json:"started"`
	Requests int       `json:"requests"` // to /cart
	Failed   int       `json:"failed"`   // of them
}

// New returns the service of a release as it runs on a host. A cart takes work in the
// middle, half of it at least and twice as long at most; 0: no time.
func New(r Release, host, currency string, work time.Duration) *Service {
	return &Service{release: r, host: host, currency: currency, started: time.Now().UTC(), behaviour: r.Behaviour, work: work}
}

// Handler answers /_status, /cart, /metrics and /_set, and every answer carries X-Version
// and X-Host.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_status", s.status)
	mux.HandleFunc("GET /cart", s.cart)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("/_set", s.set)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", s.release.Version)
		w.Header().Set("X-Host", s.host)
		mux.ServeHTTP(w, r)
	})
}

func (s *Service) status(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	st := Status{
		Service: s.release.Service, Version: s.release.Version, Host: s.host,
		Healthy: !s.behaviour.Unhealthy, Started: s.started,
		Requests: s.requests, Failed: s.failed,
	}
	s.mu.Unlock()
	code := http.StatusOK
	if !st.Healthy {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, st)
}

// cart is the normal work. /cart?broken is what no version can answer: it fails whatever
// the release is, as requests do whose data is bad.
func (s *Service) cart(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.mu.Lock()
	b := s.behaviour
	s.requests++
	fails := r.URL.Query().Has("broken") || rand.Float64() < b.Fail
	if fails {
		s.failed++
	}
	if b.Leak > 0 {
		s.leaked = append(s.leaked, touched(b.Leak))
	}
	s.mu.Unlock()

	if d := b.takes(s.work); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	s.mu.Lock()
	s.took.add(time.Since(start))
	s.mu.Unlock()
	if fails {
		http.Error(w, "the cart is on fire", http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{"items": 3, "total": "42.00", "currency": s.currency})
}

// takes is how long one cart takes.
func (b Behaviour) takes(work time.Duration) time.Duration {
	d := float64(work) * math.Exp2(2*rand.Float64()-1)
	if b.Slower > 0 {
		d *= b.Slower
	}
	return time.Duration(d) + b.Slow
}

// set changes the behaviour: /_set?fail=0.05&slow=20ms&leak=4096&unhealthy=true.
func (s *Service) set(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b, err := s.behaviour.with(r.URL.Query())
	if err == nil {
		s.behaviour = b
	}
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, http.StatusOK, b)
}

// with returns the behaviour changed as a query says.
func (b Behaviour) with(q url.Values) (Behaviour, error) {
	for name, values := range q {
		var err error
		value := values[len(values)-1]
		switch name {
		case "fail":
			b.Fail, err = strconv.ParseFloat(value, 64)
			if err == nil && !(b.Fail >= 0 && b.Fail <= 1) {
				err = fmt.Errorf("%s is not between 0 and 1", value)
			}
		case "slow":
			b.Slow, err = time.ParseDuration(value)
			if err == nil && b.Slow < 0 {
				err = fmt.Errorf("%s is less than 0", value)
			}
		case "leak":
			b.Leak, err = strconv.Atoi(value)
			if err == nil && (b.Leak < 0 || b.Leak > mostLeak) {
				err = fmt.Errorf("%s is not between 0 and %d", value, mostLeak)
			}
		case "unhealthy":
			b.Unhealthy, err = strconv.ParseBool(value)
		default:
			err = fmt.Errorf("it can set fail, slow, leak and unhealthy")
		}
		if err != nil {
			return Behaviour{}, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return b, nil
}

// touched returns memory that the kernel has really given.
func touched(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 1
	}
	return b
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the caller has gone: nobody is left to tell
}
