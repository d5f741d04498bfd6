package metric

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/lab/process/processtest"
)

// exporter is what hosts say of themselves: the text at /HOST.
type exporter struct {
	mu   sync.Mutex
	text map[string]string
}

func (e *exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text, ok := e.text[strings.Trim(r.URL.Path, "/")]
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, text)
}

func (e *exporter) set(host, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text[host] = text
}

// requests is what a host that has answered well, and badly, says.
func requests(version string, good, bad int) string {
	text := fmt.Sprintf("requests_total{version=%q,code=\"200\"} %d\n", version, good)
	if bad > 0 { // as with real clients: there is no series before its first event
		text += fmt.Sprintf("requests_total{version=%q,code=\"500\"} %d\n", version, bad)
	}
	return text
}

// prometheusOf starts Prometheus, which scrapes hosts often.
func prometheusOf(t *testing.T, hosts ...string) (*processtest.Server, *exporter) {
	t.Helper()
	binary := processtest.Program(t, "prometheus", "prometheus")
	e := &exporter{text: map[string]string{}}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	config := "global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs:\n- job_name: shop\n  static_configs:\n"
	for _, h := range hosts {
		config += fmt.Sprintf("  - {targets: [%q], labels: {instance: '%s:9100', __metrics_path__: /%s}}\n", server.Listener.Addr(), h, h)
	}
	write(t, filepath.Join(dir, "prometheus.yml"), config)
	p := &processtest.Server{Dir: dir, Address: processtest.Free(t, processtest.Loopback).String()}
	p.Args = []string{binary, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error", "--web.listen-address=" + p.Address}
	p.Start(t)
	processtest.Until(t, func() error {
		r, err := http.Get("http://" + p.Address + "/-/ready")
		if err != nil {
			return err
		}
		if r.Body.Close(); r.StatusCode != http.StatusOK {
			return errNotYet
		}
		return nil
	})
	return p, e
}

// TestPrometheus runs on one server, which takes five seconds to find its targets; the
// last of its parts kills it.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	p, e := prometheusOf(t, "web1", "web2", "web3", "web4", "web5", "web6")
	t.Run("refuses", func(t *testing.T) { prometheusRefuses(t, p) })
	t.Run("histograms", func(t *testing.T) { prometheusHistograms(t, p, e) })
	t.Run("restart", func(t *testing.T) { prometheusRestart(t, p, e) })
	t.Run("killed", func(t *testing.T) { prometheusKilled(t, p, e) })
}

func promAsked(p *processtest.Server, kind rollout.MetricKind, ask rollout.Ask) asked {
	ask.Address = "http://" + p.Address
	return asked{name: "errors", kind: kind, ask: ask, service: "shop", every: time.Second, secrets: map[string]string{}}
}

func errorsOf(t *testing.T, p *processtest.Server) *prometheus {
	t.Helper()
	s, err := newPrometheus(Deps{}.filled(), promAsked(p, rollout.Counts, rollout.Ask{
		Events: `requests_total{job="{{service}}",code=~"5.."}`, Exposure: `requests_total{job="{{service}}"}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// base looks until all hosts were seen: what follows is counted from there.
func base(t *testing.T, s engine.Source, hosts []string) {
	t.Helper()
	processtest.Until(t, func() error {
		samples, err := s.Sample(t.Context(), hosts)
		if len(samples) == len(hosts) {
			return nil
		}
		return fmt.Errorf("%v: %w", samples, errors.Join(err, errNotYet))
	})
}

var errNotYet = errors.New("not yet")

// Two versions run side by side; the canary's errors have no series until the first
// one. Prometheus is killed half way, and comes back.
func prometheusKilled(t *testing.T, p *processtest.Server, e *exporter) {
	hosts := []string{"web1", "web2"}
	e.set("web1", requests("1.1", 1000, 7))
	e.set("web2", requests("1.2", 500, 0))
	s := errorsOf(t, p)
	base(t, s, hosts)
	sum := sums{}
	e.set("web1", requests("1.1", 1100, 8))
	e.set("web2", requests("1.2", 590, 10))
	sum.expect(t, s, hosts, sums{"web1": {1, 101}, "web2": {10, 100}})

	p.Kill(t)
	got, err := s.Sample(t.Context(), hosts)
	var gaps engine.Gaps
	if err == nil || errors.As(err, &gaps) || got != nil {
		t.Fatalf("killed: %v, %v", got, err)
	}
	if !strings.Contains(err.Error(), "ask "+p.Address) || strings.Contains(err.Error(), "requests_total") {
		t.Errorf("the error is %v", err)
	}
	e.set("web1", requests("1.1", 1200, 8))
	e.set("web2", requests("1.2", 660, 40))
	p.Start(t)
	sum.expect(t, s, hosts, sums{"web1": {1, 201}, "web2": {40, 200}})
}

// A restart begins the counters anew: the look that sees it says so, and no other is
// wrong. A host that is gone is missing; one that never was has a reason.
func prometheusRestart(t *testing.T, p *processtest.Server, e *exporter) {
	e.set("web3", requests("1.1", 1000, 5))
	e.set("web4", requests("1.1", 1000, 5))
	s := errorsOf(t, p)
	hosts := []string{"web3", "web4"}
	base(t, s, hosts)
	e.set("web3", requests("1.1", 10, 3))
	sum := sums{}
	processtest.Until(t, func() error {
		samples, err := s.Sample(t.Context(), hosts)
		for _, x := range samples {
			sum[x.Host] = [2]float64{sum[x.Host][0] + x.Events, sum[x.Host][1] + x.Exposure}
		}
		if err == nil || !strings.Contains(err.Error(), "errors of web3: "+reasonAnew) {
			return fmt.Errorf("no restart was seen: %w", errors.Join(err, errNotYet))
		}
		return nil
	})
	e.set("web3", requests("1.1", 20, 4))
	sum.expect(t, s, hosts, sums{"web3": {1, 11}, "web4": {0, 0}})
	e.mu.Lock()
	delete(e.text, "web4")
	e.mu.Unlock()
	processtest.Until(t, func() error {
		samples, err := s.Sample(t.Context(), []string{"web3", "web4", "web9"})
		if len(samples) != 1 || err == nil || !strings.Contains(err.Error(), "errors of web4: nothing is said of web4 (but of ") {
			return fmt.Errorf("%v: %w", samples, errors.Join(err, errNotYet))
		}
		if !strings.Contains(err.Error(), "errors of web9: nothing is said of web9") {
			t.Fatalf("an unknown host: %v", err)
		}
		return nil
	})
	e.set("web4", requests("1.1", 1003, 5))
	sum = sums{}
	sum.expect(t, s, []string{"web4"}, sums{"web4": {0, 3}})
}

func prometheusHistograms(t *testing.T, p *processtest.Server, e *exporter) {
	histogram := func(fast, slow int) string {
		return fmt.Sprintf("took_bucket{le=\"0.1\"} %d\ntook_bucket{le=\"1\"} %d\ntook_bucket{le=\"+Inf\"} %d\nqueue %d\n", fast, fast+slow, fast+slow+1, slow)
	}
	e.set("web5", histogram(100, 10))
	e.set("web6", histogram(200, 20))
	hosts := []string{"web5", "web6"}
	deps := Deps{}.filled()
	h, err := newPrometheus(deps, promAsked(p, rollout.Histogram, rollout.Ask{Buckets: "took_bucket"}))
	if err != nil {
		t.Fatal(err)
	}
	base(t, h, hosts)
	e.set("web5", histogram(103, 15))
	processtest.Until(t, func() error {
		samples, err := h.Sample(t.Context(), hosts)
		if err != nil {
			return err
		}
		want := "[{0.1 3} {1 5} {+Inf 0}]"
		for _, x := range samples {
			if x.Host == "web5" && fmt.Sprint(x.Buckets) == want && x.Kind == rollout.Histogram {
				return nil
			}
		}
		return fmt.Errorf("got %v, want %s", samples, want)
	})
	g, err := newPrometheus(deps, promAsked(p, rollout.Gauge, rollout.Ask{Value: "queue"}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := g.Sample(t.Context(), hosts); got != nil || err != nil {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	got, err := g.Sample(t.Context(), hosts)
	if err != nil || len(got) != 2 || got[0].Value != 15 || got[1].Value != 20 || got[0].Kind != rollout.Gauge {
		t.Fatalf("gauge: %v, %v", got, err)
	}
	// In the last step of the past nothing has changed; before the beginning nothing is known.
	now := time.Now()
	past, err := h.Past(t.Context(), hosts, now.Add(-time.Hour), now, time.Minute)
	if err != nil || len(past) != 60 || past[0] != nil {
		t.Fatalf("past: %v, %v", past, err)
	}
	processtest.Until(t, func() error {
		now := time.Now()
		past, err := h.Past(t.Context(), hosts, now.Add(-400*time.Millisecond), now, 200*time.Millisecond)
		if err != nil || len(past) != 2 || len(past[1]) != 2 || fmt.Sprint(past[1][0].Buckets) != "[{0.1 0} {1 0} {+Inf 0}]" {
			return fmt.Errorf("past: %v, %w", past, errors.Join(err, errNotYet))
		}
		return nil
	})
}

func prometheusRefuses(t *testing.T, p *processtest.Server) {
	for query, want := range map[string]string{
		"up{":       "it answered 400 Bad Request: invalid parameter \"query\"",
		"1":         "gives a scalar",
		"up[1m]":    "leave the [time] out",
		"up offset": "400",
	} {
		s, err := newPrometheus(Deps{}.filled(), promAsked(p, rollout.Counts, rollout.Ask{Events: query}))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Sample(t.Context(), []string{"web1"}); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
}

func FuzzPrometheus(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"web1:9100","le":"+Inf"},"value":[1.5,"3"]}]}}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"NaN"],[2,"-1"],null]}]}}`))
	f.Add([]byte(`{"status":"error","error":"no"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		series, _, err := parsePrometheus(b, "vector")
		if err != nil && series != nil {
			t.Errorf("both %v and %v", series, err)
		}
		p := &prometheus{count: counter{asked: asked{kind: rollout.Histogram, ask: rollout.Ask{Label: "instance"}}}}
		for range 2 {
			var all []reading
			for _, s := range series {
				if s.Value != nil {
					if r, ok := p.reading("le", s.Metric, s.Value.value); ok {
						all = append(all, r)
					}
				}
			}
			samples, _ := p.count.tell(time.Unix(1, 0), []string{"web1"}, p.mapped([]string{"web1"}, all))
			for _, s := range samples {
				for _, b := range s.Buckets {
					if b.Count < 0 {
						t.Errorf("negative: %v", s)
					}
				}
			}
		}
	})
}
