package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Shape is how traffic comes that is not the same all the time. The zero value is steady.
type Shape struct {
	Broken float64 // share of requests that no version of the sample can answer
	// Bursts has three times as many requests come for 2 to 5 seconds, every 8 to 20, of
	// which a tenth is broken.
	Bursts bool
}

// Traffic is load of some shape.
type Traffic struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	steady []*Generator

	mu    sync.Mutex // guards what follows
	burst []*Generator
	past  []Report
}

// StartShape begins to send rate requests a second to a URL of the sample, until ctx ends
// or Stop is called.
func StartShape(ctx context.Context, url string, rate int, shape Shape) (*Traffic, error) {
	ctx, cancel := context.WithCancel(ctx)
	t := &Traffic{cancel: cancel}
	for _, c := range []Config{{URL: url, Rate: rate, New: 0.2}, {URL: url + "?broken", Rate: int(float64(rate)*shape.Broken + 0.5)}} {
		if c.Rate == 0 {
			continue
		}
		g, err := Start(ctx, c, "steady")
		if err != nil {
			t.Stop()
			return nil, err
		}
		t.steady = append(t.steady, g)
	}
	if shape.Bursts {
		t.done.Go(func() { t.bursts(ctx, url, rate) })
	}
	return t, nil
}

// bursts sends one burst after the other. A burst that cannot begin is one less.
func (t *Traffic) bursts(ctx context.Context, url string, rate int) {
	for {
		if !wait(ctx, between(8*time.Second, 20*time.Second)) {
			return
		}
		var all []*Generator
		for _, c := range []Config{{URL: url, Rate: 2 * rate}, {URL: url + "?broken", Rate: max(1, rate/5)}} {
			if g, err := Start(ctx, c, "burst"); err == nil {
				all = append(all, g)
			}
		}
		t.now(all)
		wait(ctx, between(2*time.Second, 5*time.Second))
		t.over(all)
	}
}

func (t *Traffic) now(all []*Generator) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.burst = all
}

func (t *Traffic) over(all []*Generator) {
	var reports []Report
	for _, g := range all {
		reports = append(reports, g.Stop())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.burst, t.past = nil, append(t.past, reports...)
}

// Report is what was counted so far, of all.
func (t *Traffic) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.past
	for _, g := range append(t.steady[:len(t.steady):len(t.steady)], t.burst...) {
		all = append(all[:len(all):len(all)], g.Report())
	}
	var sum Report
	for _, r := range all {
		sum.Sent, sum.OK, sum.Failed = sum.Sent+r.Sent, sum.OK+r.OK, sum.Failed+r.Failed
		sum.Phases = append(sum.Phases, r.Phases...)
	}
	return sum
}

// Stop sends nothing more and returns the report. It may be called again.
func (t *Traffic) Stop() Report {
	t.cancel()
	t.done.Wait()
	for _, g := range t.steady {
		g.Stop()
	}
	return t.Report()
}

func between(least, most time.Duration) time.Duration {
	return least + time.Duration(rand.Int64N(int64(most-least)))
}

// wait reports whether the time has passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
