package metric

import (
	"context"
	"errors"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// onHost counts on the hosts themselves: all of its metrics in one call of the helper
// of each host.
type onHost struct {
	plan     *rollout.Plan
	observer Observer
	now      func() time.Time
	metrics  []*observed
}

// observed is one metric that is counted on hosts.
type observed struct {
	counter
	what    host.Observation
	cursors map[string]string  // by host: where its log was read to
	sums    map[string]float64 // by host and role: news added up to totals
}

var _ engine.Source = (*onHost)(nil)

func newHosts(deps Deps, plan *rollout.Plan, metrics []rollout.Metric) (*onHost, error) {
	if deps.Observer == nil {
		return nil, errors.New("this method cannot count on hosts: use a source that does not")
	}
	s := &onHost{plan: plan, observer: deps.Observer, now: deps.Now}
	for _, m := range metrics {
		a, err := newAsked(plan, m)
		if err != nil {
			return nil, err
		}
		o := &observed{counter: counter{asked: a}, cursors: map[string]string{}, sums: map[string]float64{}}
		o.what = host.Observation{Metric: m.Name, What: m.Source, Pattern: a.ask.Pattern}
		for _, arg := range a.ask.Command {
			o.what.Command = append(o.what.Command, a.fill(arg))
		}
		s.metrics = append(s.metrics, o)
	}
	return s, nil
}

// Sample asks every host once. A host that does not answer is missing, and what it
// counted meanwhile comes with its next answer.
func (s *onHost) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	want := make(map[string][]host.Observation, len(hosts))
	for _, h := range hosts {
		for _, m := range s.metrics {
			o := m.what
			o.Cursor = m.cursors[h]
			want[h] = append(want[h], o)
		}
	}
	seen, failed := map[string][]host.Observed{}, map[string]error{}
	err := s.observer.Observe(ctx, s.plan, want, func(name string, o []host.Observed, err error) {
		if err == nil && len(o) != len(want[name]) {
			err = errors.New("the helper did not answer what it was asked")
		}
		seen[name], failed[name] = o, err
	})
	if err != nil && len(seen) == 0 {
		return nil, err
	}
	var samples []engine.Sample
	var gaps engine.Gaps
	for i, m := range s.metrics {
		some, missing := m.look(s.now(), i, hosts, seen, failed)
		samples, gaps = append(samples, some...), append(gaps, missing...)
	}
	return samples, only(gaps)
}

// look takes what the hosts said of one metric.
func (o *observed) look(now time.Time, i int, hosts []string, seen map[string][]host.Observed, failed map[string]error) ([]engine.Sample, engine.Gaps) {
	var there []string
	var all []reading
	var gaps engine.Gaps
	for _, h := range hosts {
		answer, asked := seen[h]
		reason := ""
		switch {
		case !asked:
			reason = "it gave no answer"
		case failed[h] != nil:
			reason = oneLine(failed[h].Error())
		case answer[i].Error != "":
			reason = oneLine(answer[i].Error)
		case answer[i].Metric != o.name:
			reason = "the helper answered another question"
		}
		if reason != "" {
			gaps = append(gaps, o.gap(h, reason))
			continue
		}
		there = append(there, h)
		all = append(all, o.readings(h, answer[i])...)
	}
	samples, missing := o.told(now, there, all)
	return samples, append(gaps, missing...)
}

// told is either, where totals are what they are made to be.
func (o *observed) told(now time.Time, hosts []string, all []reading) ([]engine.Sample, engine.Gaps) {
	first := o.looked.IsZero()
	o.looked = now
	if o.kind == rollout.Gauge {
		samples, gaps := o.fresh(hosts, all, 0)
		if first {
			samples = nil
		}
		return samples, gaps
	}
	samples, err := o.tell(now, hosts, all)
	var gaps engine.Gaps
	errors.As(err, &gaps)
	return samples, gaps
}

// readings are the numbers of one host. News are added up, so that all are totals: log
// lines since a cursor, and what a command says is new.
func (o *observed) readings(name string, seen host.Observed) []reading {
	r := reading{host: name, target: name, since: seen.Since}
	if o.kind == rollout.Gauge {
		r.role, r.value = "value", seen.Value
		return []reading{r}
	}
	if seen.Cursor != "" {
		o.cursors[name] = seen.Cursor
	}
	all := []reading{r}
	all[0].role, all[0].value = roleEvents, seen.Events
	if o.what.What == sourceCommand || o.ask.Exposure == "lines" {
		r.role, r.value = roleExposure, seen.Exposure
		all = append(all, r)
	}
	news := o.ask.Settings["counts"] == "new" || seen.Cursor != ""
	for i := range all {
		if !news {
			break
		}
		key := all[i].role + "\x00" + name
		all[i].value += o.sums[key]
		o.sums[key] = all[i].value
	}
	return all
}
