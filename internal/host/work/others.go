package work

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/deb"
)

// other is a package that an update changed besides the service's own.
type other struct {
	name   string // name:architecture
	before deb.Other
}

// others lists the packages that the update changed besides the service's own, so
// that they go back with it. What anybody changed since is not the rollout's to undo.
func others(r capture.Record, p capture.Progress) []other {
	if p.Packages == nil || r.State.Package == nil {
		return nil
	}
	all := map[string]bool{}
	for name, before := range r.Packages {
		all[name] = before.Version != p.Packages[name].Version
	}
	for name := range p.Packages {
		_, was := r.Packages[name]
		all[name] = all[name] || !was
	}
	var list []other
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] && !strings.HasPrefix(name, r.State.Package.Name+":") {
			list = append(list, other{name, r.Packages[name]})
		}
	}
	return list
}

// wanted says to apt how the others should be.
func wanted(list []other) []string {
	var all []string
	for _, o := range list {
		if o.before.Version == "" {
			all = append(all, bare(o.name)+"-")
		} else {
			all = append(all, bare(o.name)+"="+o.before.Version)
		}
	}
	return all
}

// remark gives the others the marks that apt took from them by being asked for them.
func remark(ctx context.Context, list []other) error {
	for _, o := range list {
		if o.before.Auto {
			if err := deb.Mark(ctx, bare(o.name), true); err != nil {
				return err
			}
		}
		if o.before.Hold {
			if err := deb.Hold(ctx, bare(o.name), true); err != nil {
				return err
			}
		}
	}
	return nil
}

// bare is a package's name as apt takes it: one for every architecture has none.
func bare(name string) string { return strings.TrimSuffix(name, ":all") }

// noteOthers writes down every package after the installation, to know which others
// it changed, and puts back on hold those that were.
func (j *job) noteOthers(ctx context.Context, r capture.Record) error {
	if j.request.Spec.Format != "deb" {
		return nil
	}
	dir := j.memory.Recorded(j.request.Rollout)
	p, err := capture.LoadProgress(dir)
	if err == nil {
		p.Packages, err = deb.All(ctx)
	}
	if err == nil {
		err = p.Save(dir)
	}
	if err != nil {
		return err
	}
	return as(host.CodeInstall, remark(ctx, slices.DeleteFunc(others(r, p), func(o other) bool {
		now := p.Packages[o.name]
		return now.Version == "" || (now.Hold == o.before.Hold && now.Auto == o.before.Auto)
	})))
}

// othersDiffer compares the packages that the update changed besides the service's
// with what they were.
func (j *job) othersDiffer(ctx context.Context, r capture.Record, p capture.Progress) ([]host.Difference, error) {
	list := others(r, p)
	if len(list) == 0 {
		return nil, nil
	}
	now, err := deb.All(ctx)
	if err != nil {
		return nil, err
	}
	var all []host.Difference
	for _, o := range list {
		if is := now[o.name]; is.Version != o.before.Version {
			all = append(all, packageDiffers(o.name, o.before.Version, is.Version))
		}
	}
	return all, nil
}

func packageDiffers(name, before, after string) host.Difference {
	return host.Difference{Item: "package " + name + " version", Before: or(before, "none"), After: or(after, "none")}
}
