package sample

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// edges are the upper bounds of the histogram's buckets, in seconds.
var edges = [...]float64{0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1, 2.5}

// histogram counts how long carts took.
type histogram struct {
	counts [len(edges) + 1]int // the last one is above all edges
	sum    time.Duration
}

func (h *histogram) add(d time.Duration) {
	i := 0
	for i < len(edges) && d.Seconds() > edges[i] {
		i++
	}
	h.counts[i]++
	h.sum += d
}

// metrics answers as Prometheus reads it.
func (s *Service) metrics(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	requests, failed, took := s.requests, s.failed, s.took
	s.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "# TYPE checkout_requests_total counter\ncheckout_requests_total %d\n", requests)
	fmt.Fprintf(&b, "# TYPE checkout_errors_total counter\ncheckout_errors_total %d\n", failed)
	b.WriteString("# TYPE checkout_seconds histogram\n")
	sum := 0
	for i, n := range took.counts {
		sum += n
		edge := "+Inf"
		if i < len(edges) {
			edge = fmt.Sprint(edges[i])
		}
		fmt.Fprintf(&b, "checkout_seconds_bucket{le=%q} %d\n", edge, sum)
	}
	fmt.Fprintf(&b, "checkout_seconds_sum %g\ncheckout_seconds_count %d\n", took.sum.Seconds(), sum)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, b.String())
}
