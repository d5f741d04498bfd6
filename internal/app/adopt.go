package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/haproxy"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/traffic"
)

// Remembered asks the hosts of an environment which rollout changed them last, and makes
// the plan to take that one back of it: for somebody whose journal does not have it. It
// changes nothing and journals nothing; Adopt does.
func (a *App) Remembered(ctx context.Context, r PlanRequest) (*rollout.Plan, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return nil, err
	}
	if r.Service != "" && r.Service != p.Service {
		return nil, &Error{Kind: Misconfigured, Err: fmt.Errorf("no rollout of %s is known here, and %s is of %s", r.Service, r.File, p.Service),
			Hint: "ask its hosts in the directory of its own manifest, or name that with --file"}
	}
	env, err := p.Environment(r.Environment)
	if err != nil {
		return nil, &Error{Kind: Misconfigured, Err: err}
	}
	if known, err := a.Known(ctx, p.Service, env.Name); err != nil || known {
		return nil, cmp.Or(err, error(&Error{Kind: Misconfigured, Err: fmt.Errorf("no rollout of %s on %s can be taken back", p.Service, env.Name),
			Hint: "slipway history lists what there was"}))
	}
	crew, err := a.gather(ctx, p, env)
	if err != nil {
		return nil, err
	}
	last, err := newestOf(crew.facts)
	if err != nil {
		return nil, &Error{Kind: Refused, Err: fmt.Errorf("no rollout of %s on %s is known here, and %w", p.Service, env.Name, err),
			Hint: "if there was one, take it back where it was made, or with the journal of that place (SLIPWAY_JOURNAL)"}
	}
	made := a.remembered(p, env, crew, last)
	standings, err := a.Balancers(ctx, made)
	if err == nil {
		made.Notes = append(made.Notes, closed(standings, made.Traffic)...)
	}
	return made, ctx.Err() // a balancer that cannot be asked now is the rollback's to report
}

// closed notes the hosts that a balancer sends no requests to: what it was before the
// rollout nobody knows here, and so it is put back as it stands now.
func closed(standings []traffic.Standing, t *rollout.Traffic) []string {
	var hosts []string
	for _, s := range standings {
		if s.Backend == t.HAProxy.Public && s.State != "" && s.State != haproxy.Ready && !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	return []string{strings.Join(hosts, ", ") + ": closed at a balancer now, perhaps by the rollout itself. The restore leaves that so: " +
		"set the servers ready once they are back."}
}

// newestOf is the newest rollout among those that hosts remember and were not put back
// since. Hosts that remember an older one were not changed by it: whoever drove it may have
// ended half way.
func newestOf(facts map[string]plan.Facts) (*host.LastChange, error) {
	var last *host.LastChange
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		f := facts[name]
		if f.Err == nil && f.Last != nil && !f.Last.Restored && (last == nil || f.Last.Rollout > last.Rollout) {
			last = f.Last // ids begin with the time
		}
	}
	if last == nil {
		return nil, errors.New("no host remembers one that can be taken back")
	}
	return last, nil
}

// remembered is the plan of a rollout as its hosts remember it. A host that could not be
// asked is taken to be like the others: leaving it out could leave it changed, and the
// restore reads it back.
func (a *App) remembered(p project, env *manifest.Environment, crew crew, last *host.LastChange) *rollout.Plan {
	made := &rollout.Plan{
		ID: last.Rollout, Service: p.Service, Type: string(p.Type), Environment: env.Name, Project: p.dir, By: a.cfg.By, At: a.cfg.Now().UTC(),
		Release: rollout.Release{Version: last.To}, OnFail: rollout.Choice(env.OnFail), OnUnclear: rollout.Choice(env.OnUnclear),
		Spec: plan.Spec(p.Manifest), Method: plan.Method(env.Method, p.dir), Traffic: plan.Traffic(env.Traffic),
		Notify: plan.Channels(p.Manifest, env),
	}
	var wave, silent, older []string
	for _, name := range crew.hosts {
		f := crew.facts[name]
		from, known := last.From, f.Err == nil && f.Last != nil
		switch {
		case known && f.Last.Rollout != last.Rollout:
			if !f.Last.Restored {
				older = append(older, name)
			}
			continue
		case known && f.Last.Restored:
			continue
		case known:
			from = f.Last.From
		case f.Err == nil:
			continue // it remembers nothing: it was not part of it
		default:
			silent = append(silent, name)
		}
		made.Hosts = append(made.Hosts, rollout.Host{Name: name, Arch: f.Arch, From: from, Back: a.wayBack(p, f.Arch, from)})
		wave = append(wave, name)
	}
	slices.SortFunc(made.Hosts, func(x, y rollout.Host) int { return strings.Compare(x.Name, y.Name) })
	made.MaxOut = plan.MaxOut(env.MaxOut, len(crew.hosts))
	made.Stages = []rollout.Stage{{Name: "complete", Kind: rollout.StageComplete, Waves: [][]string{wave}}}
	if len(older) > 0 {
		made.Notes = append(made.Notes, strings.Join(older, ", ")+": changed by an earlier rollout, and not by this one. Nothing is done there.")
	}
	if len(silent) > 0 {
		made.Notes = append(made.Notes, strings.Join(silent, ", ")+": could not be asked, and taken to be like the others. The restore reads back what is there.")
	}
	return made
}

// wayBack is how a host returns to what it remembers.
func (a *App) wayBack(p project, arch, from string) rollout.Back {
	back := rollout.Back{How: "relink", Where: "kept on the host"}
	switch {
	case from == "":
		return rollout.Back{How: "remove"}
	case p.format() == "deb":
		back.How = "package"
	}
	for _, arch := range []string{cmp.Or(arch, "all"), "all"} {
		if kept, ok := a.stored(p.artifactName(), from, arch); ok {
			back.Artifact = &kept
			return back
		}
	}
	return back
}

// Adopt journals a remembered rollout, so that it can be taken back.
func (a *App) Adopt(ctx context.Context, p *rollout.Plan) error {
	var hosts []journal.Adopted
	for _, h := range p.Hosts {
		hosts = append(hosts, journal.Adopted{Host: h.Name, Version: p.Release.Version})
	}
	return a.journal.Adopt(ctx, p, hosts)
}
