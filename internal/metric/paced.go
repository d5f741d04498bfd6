package metric

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
)

// paced asks a source not more often than it should be asked, and not for ever.
type paced struct {
	source  engine.Source
	metrics []string
	every   time.Duration
	timeout time.Duration
	now     func() time.Time

	next time.Time
	gaps engine.Gaps // what the last look said nothing of: that stands until the next one
}

// sample asks when it is time to. Between two looks nothing is new, and what could not
// be said is still not known.
func (p *paced) sample(ctx context.Context, hosts []string) ([]engine.Sample, engine.Gaps) {
	now := p.now()
	// The engine's looks are never exactly apart: a tenth early is not more often.
	if now.Before(p.next.Add(-p.every / 10)) {
		return nil, p.gaps
	}
	bounded, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	samples, err := p.source.Sample(bounded, hosts)
	if ctx.Err() != nil {
		return nil, nil // the caller's end, and no fault of the source
	}
	gaps := p.named(err)
	p.next, p.gaps = now.Add(p.every), standing(samples, gaps)
	return samples, gaps
}

// standing leaves the gaps of whole metrics out that had some samples: between two looks
// they would be all that is said of them. Those of single hosts stand.
func standing(samples []engine.Sample, gaps engine.Gaps) engine.Gaps {
	said := map[string]bool{}
	for _, s := range samples {
		said[s.Metric] = true
	}
	var out engine.Gaps
	for _, g := range gaps {
		if g.Host != "" || !said[g.Metric] {
			out = append(out, g)
		}
	}
	return out
}

// past asks for history, when the source has any.
func (p *paced) past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, engine.Gaps) {
	source, ok := p.source.(engine.Past)
	if !ok {
		return nil, nil
	}
	bounded, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	out, err := source.Past(bounded, hosts, from, to, step)
	return out, p.named(err)
}

// named says of which metrics an error is.
func (p *paced) named(err error) engine.Gaps {
	var gaps engine.Gaps
	if err == nil || errors.As(err, &gaps) {
		return gaps
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", p.timeout, err)
	}
	for _, m := range p.metrics {
		gaps = append(gaps, engine.Gap{Metric: m, Reason: err.Error()})
	}
	return gaps
}

// only is nil when there are no gaps, so that it can be returned as an error.
func only(gaps engine.Gaps) error {
	if len(gaps) == 0 {
		return nil
	}
	return gaps
}
