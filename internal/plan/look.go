package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// leave is what can always be done about a host.
const leave = "leave out: --without {{hosts}}"

// look goes through what every host told, and keeps those that are to be changed.
// A host of which nothing is known stays in: the plan is refused because of it, and
// what else is wrong must be told as if it were there.
func (b *build) look() {
	var todo []fleet.Host
	var there, idle, stale []string
	for _, h := range b.hosts {
		f, ok := b.in.Facts[h.Name]
		switch {
		case !ok || f.Err != nil:
			b.unknown(h.Name, f)
			todo = append(todo, h)
			continue
		case b.sick(h.Name, f):
		case f.Version == b.in.Release.Version && !b.in.Options.Again:
			there = append(there, h.Name)
			continue
		}
		if f.Version != "" && !f.Running && b.in.Manifest.Type != manifest.Batch {
			idle = append(idle, h.Name)
		}
		if len(f.Stale) > 0 {
			stale = append(stale, h.Name)
		}
		if planned, ok := b.host(h, f); ok {
			b.plan.Hosts = append(b.plan.Hosts, planned)
		}
		todo = append(todo, h)
	}
	b.remark(there, idle, stale)
	if len(there) > 0 && len(there) == len(b.hosts) {
		b.refuse("release "+b.in.Release.Version, fmt.Sprintf("nothing to do: %s has it already", everyHost(len(there))),
			"name another version, or other hosts")
	}
	b.hosts = todo
	// The rollout finds its hosts by the plain order of their names.
	slices.SortFunc(b.plan.Hosts, func(x, y rollout.Host) int { return strings.Compare(x.Name, y.Name) })
}

func everyHost(n int) string {
	if n == 1 {
		return "the one host"
	}
	return fmt.Sprintf("every one of the %d hosts", n)
}

// remark tells of hosts on which something is unusual that stops nothing.
func (b *build) remark(there, idle, stale []string) {
	if m := b.in.Manifest; m.Type == manifest.Listener && m.Health == nil {
		b.note("No health is declared: a host counts as healthy once its units are active.")
	}
	if len(there) > 0 {
		b.note("%s: already at %s, left alone.", names(there, 50), b.in.Release.Version)
	}
	if len(idle) > 0 {
		b.note("%s: not running now. An update starts it; a restore stops it again.", names(idle, 50))
	}
	if len(stale) > 0 {
		b.note("%s: the process is older than the version installed. A restore goes back to what is installed.", names(stale, 50))
	}
}

// unknown refuses a host whose current version is not known.
func (b *build) unknown(name string, f Facts) {
	why := "nobody asked it"
	if f.Err != nil {
		why = f.Err.Error()
	}
	b.refuseHost(name, "current version unknown: "+why, "mend that and plan again, or "+leave)
}

// sick refuses a host on which an update would fail, and reports whether it is one.
func (b *build) sick(name string, f Facts) bool {
	for _, p := range f.Problems {
		b.refuseHost(name, p, "mend that and plan again, or "+leave)
	}
	a, ok := b.in.Release.For(f.Arch)
	version := b.in.Release.Version
	switch need := room(a); {
	case len(b.in.Release.Artifacts) == 0:
		// Told once, of the release.
		return true
	case !ok:
		b.refuseHost(name, fmt.Sprintf("release %s has no artifact for architecture %s, only for %s", version, f.Arch, archs(b.in.Release)),
			"build one: slipway build "+version+", or "+leave)
	case f.Version == version && f.Digest != "" && f.Digest != a.Digest:
		// Nobody could tell the two apart, and going back would be to the same version.
		b.refuseHost(name, fmt.Sprintf("%s is there already, from another artifact (%s, not %s)", version, short(f.Digest), short(a.Digest)),
			"give what was built a version of its own")
	case (f.Version != version || b.in.Options.Again) && f.Free < need:
		b.refuseHost(name, fmt.Sprintf("not enough disk: %s free, and an update needs about %s", size(f.Free), size(need)),
			"make room, or "+leave)
	default:
		return len(f.Problems) > 0
	}
	return true
}

// room is what an update takes on a host: the artifact, what it unpacks to, and the
// copy that is kept.
func room(a rollout.Artifact) int64 { return 4 * a.Size }

// archs names the architectures of a release.
func archs(r rollout.Release) string {
	var all []string
	for _, a := range r.Artifacts {
		all = append(all, a.Arch)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// short is a digest that a person can compare.
func short(digest string) string {
	algorithm, hex, _ := strings.Cut(digest, ":")
	if len(hex) > 12 {
		hex = hex[:12]
	}
	return algorithm + ":" + hex
}

// size is a number of bytes in words.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 || v >= 10 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
