package metric

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Deps is what sources work with. The zero value serves all but haproxy and what is
// counted on hosts.
type Deps struct {
	Pool     *haproxy.Pool    // connections to balancers; stays the caller's to close
	Observer Observer         // counts on hosts; nil: nothing can be
	Client   *http.Client     // nil: one of our own
	Now      func() time.Time // nil: time.Now
	Environ  []string         // what commands on this machine inherit; nil: the environment of this process
}

func (d Deps) filled() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Client == nil {
		d.Client = &http.Client{}
	}
	if d.Environ == nil {
		d.Environ = os.Environ()
	}
	return d
}

// Sources is all sources of a stage's metrics, asked as one. It is for one goroutine.
type Sources struct{ all []*paced }

var (
	_ engine.Past  = (*Sources)(nil)
	_ engine.Light = (*Sources)(nil)
)

// New opens the sources that the metrics name; secrets are read now. It asks nobody yet.
func New(deps Deps, plan *rollout.Plan, metrics []rollout.Metric) (*Sources, error) {
	deps = deps.filled()
	s := &Sources{}
	named := map[string]bool{}
	groups := map[string]*group{}
	var order []*group
	for _, m := range metrics {
		if named[m.Name] {
			return nil, fmt.Errorf("metric %s: named twice", m.Name)
		}
		named[m.Name] = true
		if err := Check(m); err != nil {
			return nil, err
		}
		key := together(m)
		if groups[key] == nil {
			groups[key] = &group{}
			order = append(order, groups[key])
		}
		groups[key].add(m)
	}
	for _, g := range order {
		source, err := open(deps, plan, g.metrics)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("metric %s: %w", g.metrics[0].Name, err), s.Close())
		}
		s.all = append(s.all, &paced{source: source, metrics: g.names(), every: g.every, timeout: g.timeout(), now: deps.Now})
	}
	return s, nil
}

// group is the metrics that are asked for in one go.
type group struct {
	metrics []rollout.Metric
	every   time.Duration
}

// add takes a metric in; the group is asked as often as its most frequent one.
func (g *group) add(m rollout.Metric) {
	every := Every(m)
	if len(g.metrics) == 0 || every < g.every {
		g.every = every
	}
	g.metrics = append(g.metrics, m)
}

func (g *group) names() []string {
	var all []string
	for _, m := range g.metrics {
		all = append(all, m.Name)
	}
	return all
}

// timeout bounds one look. Hosts are reached through a method, which takes longer than
// a query does.
func (g *group) timeout() time.Duration {
	if onHosts(g.metrics[0]) {
		return 30 * time.Second
	}
	return 10 * time.Second
}

// together says which metrics share a look: those of the balancers, and those that the
// helper counts on hosts. Any other is asked for alone.
func together(m rollout.Metric) string {
	switch {
	case m.Source == sourceHAProxy:
		return sourceHAProxy
	case onHosts(m):
		return "hosts"
	}
	return "metric " + m.Name
}

func onHosts(m rollout.Metric) bool {
	switch m.Source {
	case sourceLog, sourceRestarts, sourceOOM, sourceMemory:
		return true
	case sourceCommand:
		return m.Ask != nil && m.Ask.OnHosts
	}
	return false
}

// open makes the source of metrics that are asked for together.
func open(deps Deps, plan *rollout.Plan, metrics []rollout.Metric) (engine.Source, error) {
	m := metrics[0]
	switch {
	case m.Source == sourceHAProxy:
		return NewHAProxy(deps.Pool, plan, metrics...)
	case onHosts(m):
		return newHosts(deps, plan, metrics)
	}
	a, err := newAsked(plan, m)
	if err != nil {
		return nil, err
	}
	switch m.Source {
	case sourcePrometheus:
		return newPrometheus(deps, a)
	case sourceGraphite:
		return newGraphite(deps, a)
	case sourceNewRelic:
		return newNewRelic(deps, a)
	case sourceDatadog:
		return newDatadog(deps, a)
	case sourceCloudWatch:
		return newCloudWatch(deps, a)
	case sourceSQL:
		return newSQL(deps, a)
	case sourceHTTP:
		return newDocument(deps, a)
	}
	return newCommand(deps, a)
}

// Sample asks every source that is due, all at once. What some of them cannot say is
// an engine.Gaps beside what the others said.
func (s *Sources) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	samples, gaps := make([][]engine.Sample, len(s.all)), make([]engine.Gaps, len(s.all))
	var wait sync.WaitGroup
	for i, p := range s.all {
		wait.Go(func() { samples[i], gaps[i] = p.sample(ctx, hosts) })
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if all := slices.Concat(gaps...); len(all) > 0 {
		return slices.Concat(samples...), all
	}
	return slices.Concat(samples...), nil
}

// Past asks the sources that keep history what hosts did. A step has the samples of
// all of them; what one cannot say is left out, and named in the error.
func (s *Sources) Past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, error) {
	if step <= 0 || !from.Before(to) {
		return nil, fmt.Errorf("the past from %s to %s by %s is no time", from.Format(time.RFC3339), to.Format(time.RFC3339), step)
	}
	out := make([][]engine.Sample, int(to.Sub(from)/step))
	answers, gaps := make([][][]engine.Sample, len(s.all)), make([]engine.Gaps, len(s.all))
	var wait sync.WaitGroup
	for i, p := range s.all {
		wait.Go(func() { answers[i], gaps[i] = p.past(ctx, hosts, from, to, step) })
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, answer := range answers {
		for i := range min(len(answer), len(out)) {
			out[i] = append(out[i], answer[i]...)
		}
	}
	if all := slices.Concat(gaps...); len(all) > 0 {
		return out, all
	}
	return out, nil
}

// Light reports whether they may be asked at any time: balancers' counters may.
func (s *Sources) Light() bool {
	for _, p := range s.all {
		if _, light := p.source.(*HAProxy); !light {
			return false
		}
	}
	return true
}

// Close closes what the sources keep open. It may be called twice.
func (s *Sources) Close() error {
	var err error
	for _, p := range s.all {
		if c, ok := p.source.(interface{ Close() error }); ok {
			err = errors.Join(err, c.Close())
		}
	}
	return err
}
