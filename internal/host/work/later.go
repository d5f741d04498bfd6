package work

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
)

// withLater returns the progress of the rollout that is to be taken back, with what the
// rollouts that came after it may have changed as well: going back before the first takes
// back all. later are those rollouts.
func (j *job) withLater(r capture.Record) (p capture.Progress, later []string, err error) {
	id := j.request.Rollout
	if p, err = capture.LoadProgress(j.memory.Recorded(id)); err != nil {
		return p, nil, err
	}
	rollouts, err := j.memory.States()
	if err != nil {
		return p, nil, err
	}
	at := slices.Index(rollouts, id)
	if at < 0 {
		return p, nil, nil // recorded, and cut off before it was written down
	}
	for _, next := range rollouts[at+1:] {
		dir := j.memory.Recorded(next)
		q, err := capture.LoadProgress(dir)
		if err != nil {
			return p, nil, fmt.Errorf("rollout %s: %w", next, err)
		}
		if !q.Begun {
			continue
		}
		before, err := capture.Load(dir)
		if err != nil {
			return p, nil, fmt.Errorf("rollout %s: %w", next, err)
		}
		later = append(later, next)
		p.Begun = true
		p = p.Watched(q.Watch)
		for _, version := range q.Versions {
			if !slices.Contains(p.Versions, version) {
				p.Versions = append(p.Versions, version)
			}
		}
		p.Packages = withOthers(r, p, before, q)
	}
	return p, later, nil
}

// withOthers returns every package after both rollouts, as far as they changed them.
func withOthers(r capture.Record, p capture.Progress, before capture.Record, q capture.Progress) map[string]deb.Other {
	list := others(before, q)
	if len(list) == 0 {
		return p.Packages
	}
	all := maps.Clone(p.Packages)
	if all == nil {
		all = maps.Clone(r.Packages)
	}
	for _, o := range list {
		if now, there := q.Packages[o.name]; there {
			all[o.name] = now
		} else {
			delete(all, o.name)
		}
	}
	return all
}

// supersede writes down that later rollouts are taken back with this one.
func (j *job) supersede(later []string) error {
	for _, id := range later {
		dir := j.memory.Recorded(id)
		p, err := capture.LoadProgress(dir)
		if err == nil && p.Superseded == "" {
			p.Superseded = j.request.Rollout
			err = p.Save(dir)
		}
		if err != nil {
			return fmt.Errorf("rollout %s: %w", id, err)
		}
	}
	return nil
}

// superseded refuses a rollout that was taken back together with an earlier one: what was
// recorded before it is no longer what was there before.
func (j *job) superseded() error {
	p, err := capture.LoadProgress(j.memory.Recorded(j.request.Rollout))
	if err != nil || p.Superseded == "" {
		return err
	}
	return fail(host.CodeRefused, "superseded: the host is back before rollout %s, which came before rollout %s", p.Superseded, j.request.Rollout)
}
