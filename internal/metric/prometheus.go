package metric

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// prometheus reads Prometheus by its HTTP API. Increases are worked out here, from the
// raw counters: those of PromQL are extrapolated, and lose the first event of a series.
type prometheus struct {
	web   *web
	now   func() time.Time
	count counter
	asked bool // for gauges: the first look is the base, as for all
}

var _ engine.Past = (*prometheus)(nil)

func newPrometheus(deps Deps, a asked) (*prometheus, error) {
	a = a.labelled("instance")
	return &prometheus{web: newWeb(deps, a, nil), now: deps.Now, count: counter{asked: a}}, nil
}

// checkCounter refuses what is no counter any more.
func checkCounter(query string) error {
	if f := regexp.MustCompile(`\b(rate|irate|increase|delta|idelta|deriv)\s*\(`).FindStringSubmatch(query); f != nil {
		return fmt.Errorf("%s() is not for counts: give the counters themselves, with one series a process; the increase is worked out from them", f[1])
	}
	return nil
}

// Sample reads the counters now.
func (p *prometheus) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	if p.count.kind == rollout.Gauge {
		return p.gauge(ctx, hosts)
	}
	var all []reading
	at := ""
	for _, q := range p.queries() {
		series, err := p.ask(ctx, "/api/v1/query", url.Values{"query": {q.text}, "time": some(at)})
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			if s.Value == nil {
				continue // a native histogram, which has no value
			}
			// The second query is of the same moment as the first.
			at = s.Value.at
			if r, ok := p.reading(q.role, s.Metric, s.Value.value); ok {
				all = append(all, r)
			}
		}
	}
	return p.count.tell(p.now(), hosts, p.mapped(hosts, all))
}

// query is one of a metric's, and what its numbers are.
type query struct{ role, text string }

func (p *prometheus) queries() []query {
	a := p.count.ask
	var all []query
	for _, q := range []query{{roleEvents, a.Events}, {roleExposure, a.Exposure}, {"le", a.Buckets}, {"value", a.Value}} {
		if q.text != "" {
			q.text = p.count.fill(q.text)
			all = append(all, q)
		}
	}
	return all
}

// some leaves an empty parameter out.
func some(v string) []string {
	if v == "" {
		return nil
	}
	return []string{v}
}

// reading is one series at one time; not ok when it does not say whose it is.
func (p *prometheus) reading(role string, labels map[string]string, value float64) (reading, bool) {
	host := labels[p.count.ask.Label]
	if host == "" {
		return reading{}, false
	}
	if role == "le" {
		role = labels["le"]
	}
	return reading{host: host, role: role, series: labelled(labels), target: labels["job"] + "\x00" + labels["instance"] + "\x00" + host, value: value}, true
}

// labelled is the identity of a series.
func labelled(labels map[string]string) string {
	names := keys(labels)
	slices.Sort(names)
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "%s=%q,", n, labels[n])
	}
	return b.String()
}

// mapped gives readings the names of hosts. When nothing says how a label names a
// host, its own name and its name with a port both do.
func (p *prometheus) mapped(hosts []string, all []reading) []reading {
	if p.count.ask.Host != "" {
		return all
	}
	known := p.count.hosts(hosts)
	for i, r := range all {
		all[i].host = withoutPort(known, r.host)
	}
	return all
}

func withoutPort(known map[string]string, label string) string {
	if name, port, ok := strings.Cut(label, ":"); ok && known[label] == "" && known[name] != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err == nil {
			return name
		}
	}
	return label
}

func (p *prometheus) gauge(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	series, err := p.ask(ctx, "/api/v1/query", url.Values{"query": {p.queries()[0].text}})
	if err != nil {
		return nil, err
	}
	values := map[string][]float64{}
	known := p.count.hosts(hosts)
	for _, s := range series {
		if host := s.Metric[p.count.ask.Label]; host != "" && s.Value != nil {
			if p.count.ask.Host == "" {
				host = withoutPort(known, host)
			}
			values[host] = append(values[host], s.Value.value)
		}
	}
	samples, gaps := p.count.gauge(hosts, values)
	if !p.asked {
		p.asked, samples = true, nil
	}
	return samples, only(gaps)
}

// Past reads the counters at each step; a series that is missing at one says nothing there.
func (p *prometheus) Past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, error) {
	steps := int(to.Sub(from) / step)
	looks := make([][]reading, steps+1)
	gauges := make([]map[string][]float64, steps+1)
	for _, q := range p.queries() {
		series, err := p.ask(ctx, "/api/v1/query_range", url.Values{
			"query": {q.text}, "start": {stamp(from)}, "end": {stamp(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
		})
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			for _, v := range s.Values {
				p.past(hosts, q, s.Metric, v, int(math.Round((v.seconds()-float64(from.UnixMilli())/1000)/step.Seconds())), looks, gauges)
			}
		}
	}
	if p.count.kind == rollout.Gauge {
		return p.pastGauges(hosts, gauges[1:]), nil
	}
	// What is said of hosts that are missing is of no use for the past.
	count := counter{asked: p.count.asked}
	out := make([][]engine.Sample, steps)
	for i, look := range looks {
		samples, _ := count.tell(from.Add(time.Duration(i)*step), hosts, p.mapped(hosts, look))
		if i > 0 {
			out[i-1] = samples
		}
	}
	return out, nil
}

// past sorts one value into the step it is of.
func (p *prometheus) past(hosts []string, q query, labels map[string]string, v value, i int, looks [][]reading, gauges []map[string][]float64) {
	if i < 0 || i >= len(looks) {
		return
	}
	r, ok := p.reading(q.role, labels, v.value)
	if !ok {
		return
	}
	looks[i] = append(looks[i], r)
	if q.role == "value" {
		if gauges[i] == nil {
			gauges[i] = map[string][]float64{}
		}
		host := p.mapped(hosts, []reading{r})[0].host
		gauges[i][host] = append(gauges[i][host], v.value)
	}
}

func (p *prometheus) pastGauges(hosts []string, at []map[string][]float64) [][]engine.Sample {
	out := make([][]engine.Sample, len(at))
	for i := range at {
		out[i], _ = p.count.gauge(hosts, at[i])
	}
	return out
}

func stamp(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}

func (p *prometheus) ask(ctx context.Context, path string, form url.Values) ([]promSeries, error) {
	address := join(p.count.fill(p.count.ask.Address), path)
	form.Set("timeout", "9s")
	b, status, err := p.web.form(ctx, address, form)
	if err != nil {
		return nil, err
	}
	want := "vector"
	if strings.HasSuffix(path, "_range") {
		want = "matrix"
	}
	series, said, err := parsePrometheus(b, want)
	switch {
	case said != "":
		return nil, p.web.refused(address, status, said)
	case status != http.StatusOK:
		return nil, p.web.refused(address, status, "")
	}
	return series, err
}
