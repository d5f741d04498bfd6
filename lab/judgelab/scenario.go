package judgelab

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/lab/load"
)

// Scenario is one release under one kind of traffic, and what must come of it.
type Scenario struct {
	Name    string
	About   string
	Version string // that is judged; empty: a good one, in turn
	Metric  string // that must be found worse; empty: none may be
	judge   string // as slipway.yaml has it; %s: address of Prometheus
	source  bool   // it needs Prometheus
	load    load.Shape
	labs    int // that its rounds are dealt out to; one when 0
}

// Scenarios are all of them.
func Scenarios() []Scenario {
	return []Scenario{
		{
			Name: "errors", Version: "1.2.0", Metric: "errors",
			About: "1.2.0 answers 5 % of its requests with an error; errors from HAProxy",
			judge: "{errors: {source: haproxy}}",
		},
		{
			Name: "latency", Version: "1.5.0", Metric: "latency", source: true,
			About: "1.5.0 takes 1.3 times as long for a request (40 ms in the middle); errors and the histogram of latencies from Prometheus, worse_by 1.1x",
			judge: `{errors: {source: {prometheus: {address: %[1]q, events: checkout_errors_total, exposure: checkout_requests_total, every: 5s}}}, latency: {source: {prometheus: {address: %[1]q, buckets: checkout_seconds_bucket, every: 5s}}, worse_by: 1.1x}}`,
		},
		{
			Name: "leak", Version: "1.6.0", Metric: "memory", labs: 5, // a leak takes minutes to show
			About: "1.6.0 keeps 32 KiB of memory for each request; memory of the units from the hosts, each 30 s, worse_by 1.2x; errors from HAProxy",
			judge: "{errors: {source: haproxy}, memory: {source: memory, worse_by: 1.2x}}",
		},
		{
			Name: "bursts", source: true,
			About: "a good release, while traffic comes in bursts of three times as much for some seconds, of which 10 % are requests that no version can answer; errors from Prometheus",
			judge: `{errors: {source: {prometheus: {address: %[1]q, events: checkout_errors_total, exposure: checkout_requests_total, every: 5s}}}}`,
			load:  load.Shape{Broken: 0.005, Bursts: true},
		},
	}
}

// right reports whether a round ended as it must. A good release may be held, which is no
// verdict against it; a bad one must be found, for what is wrong with it.
func (s Scenario) right(r Round) bool {
	if s.Metric == "" {
		return r.Verdict == "pass" || r.Verdict == "inconclusive"
	}
	return r.Verdict == "fail" && strings.HasPrefix(r.Reason, s.Metric+":")
}

// stages is the end of the manifest.
func (s Scenario) stages(prometheus string) string {
	judge := s.judge
	if s.source {
		judge = fmt.Sprintf(judge, prometheus)
	}
	return fmt.Sprintf(`    max_out: 50%%
    stages:
      - canary: {hosts: 2, bake: {most: %s}, judge: %s}
      - complete: {waves: 50%%}
`, bake, judge)
}
