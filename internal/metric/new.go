package metric

import (
	"context"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Sources is all sources of a stage's metrics, asked as one.
type Sources []engine.Source

var _ engine.Source = Sources(nil)

// New returns the sources that the metrics name. The pool stays the caller's to close.
func New(pool *haproxy.Pool, plan *rollout.Plan, metrics []rollout.Metric) (Sources, error) {
	var all Sources
	named := map[string]bool{}
	for _, m := range metrics {
		if named[m.Name] {
			return nil, fmt.Errorf("metric %s: named twice", m.Name)
		}
		named[m.Name] = true
		switch m.Source {
		case "haproxy":
			if m.Name != "errors" {
				return nil, fmt.Errorf("metric %s: source haproxy counts errors: name the metric errors", m.Name)
			}
			s, err := NewHAProxy(pool, plan)
			if err != nil {
				return nil, fmt.Errorf("metric %s: %w", m.Name, err)
			}
			all = append(all, s)
		default:
			return nil, fmt.Errorf("metric %s: no source %q: allowed is haproxy", m.Name, m.Source)
		}
	}
	return all, nil
}

// Sample asks every source. One that does not answer spoils the look: what the
// others counted meanwhile comes with their next answer or is lost, and lost counts
// only make the judge wait.
func (s Sources) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	var all []engine.Sample
	for _, source := range s {
		samples, err := source.Sample(ctx, hosts)
		if err != nil {
			return nil, err
		}
		all = append(all, samples...)
	}
	return all, nil
}
