package metric

import (
	"testing"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Balancers' counters are asked for at any time; what asks hosts, or somebody else's server, is not.
func TestLight(t *testing.T) {
	t.Parallel()
	plan := &rollout.Plan{Traffic: &rollout.Traffic{HAProxy: &rollout.HAProxy{Sockets: []string{"/run/haproxy.sock"}, Public: "shop"}}}
	balancers := rollout.Metric{Name: "errors", Source: sourceHAProxy, WorseBy: 1.1}
	asked := rollout.Metric{Name: "jobs", Source: sourceCommand, WorseBy: 1.1, Ask: &rollout.Ask{Command: []string{"true"}}}
	for _, c := range []struct {
		metrics []rollout.Metric
		light   bool
	}{{[]rollout.Metric{balancers}, true}, {[]rollout.Metric{asked}, false}, {[]rollout.Metric{balancers, asked}, false}} {
		s, err := New(Deps{Pool: &haproxy.Pool{}}, plan, c.metrics)
		if err != nil {
			t.Fatal(err)
		}
		if s.Light() != c.light {
			t.Errorf("%d metrics, the first from %s: light is %v", len(c.metrics), c.metrics[0].Source, s.Light())
		}
	}
}
