// Package capture reads a service's state from a host, keeps it with its content,
// and puts its files back.
//
// work calls it: before an update, around a restore. It records what dpkg, the
// release directory, the units and the files say, and decides nothing about it.
// Declared data is never opened, and content goes nowhere but the given directory.
package capture

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/deb"
	"github.com/slipway-deploy/slipway/internal/host/release"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/state"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// Units tells what units do.
type Units interface {
	// Status describes units in the order of their names. One that does not exist
	// is no error.
	Status(ctx context.Context, names ...string) ([]unit.Status, error)
}

// Host is where a state is read from.
type Host struct {
	Root  root.Dir
	Units Units
	// Held is true when the package's hold is Slipway's own, and so no part of the state.
	Held bool
	// Older is true to look at no more than records from before Looks took in, and to leave
	// all else as it is: what nobody recorded cannot be put back, or taken for a difference.
	Older bool
	// Changed says what of a release is not as it was unpacked; nil: nobody asks.
	Changed func(ctx context.Context, version string) (string, error)
}

// Seen is a state and what was read on the way.
type Seen struct {
	State   state.State
	Package deb.Package   // of a .deb service
	Units   []unit.Status // units, then timers
	// followed are the paths that only a link in a declared path leads to.
	followed []string
	content  map[string][]byte
}

// Capture reads the state of a service. Besides what belongs to the service it looks
// at the paths in watch: those that another version of it may have made.
func (h Host) Capture(ctx context.Context, spec host.Spec, watch []string) (Seen, error) {
	return h.capture(ctx, spec, watch, map[string][]byte{})
}

// Look is a Capture that cannot be saved: it takes digests only, and so is not bound by
// how much there is.
func (h Host) Look(ctx context.Context, spec host.Spec, watch []string) (Seen, error) {
	return h.capture(ctx, spec, watch, nil)
}

func (h Host) capture(ctx context.Context, spec host.Spec, watch []string, content map[string][]byte) (Seen, error) {
	seen := Seen{State: state.State{Format: spec.Format}, content: content}
	err := h.installed(ctx, spec, &seen)
	if err != nil {
		return Seen{}, err
	}
	names := slices.Concat(spec.Units, spec.Timers)
	if seen.Units, err = h.Units.Status(ctx, names...); err != nil {
		return Seen{}, err
	}
	for _, s := range seen.Units {
		seen.State.Units = append(seen.State.Units, state.Unit{Name: s.Name, Active: s.Up() && !s.Batch, Enabled: s.Enabled})
	}
	w := walk{ctx: ctx, root: h.Root, data: spec.Data, content: seen.content, older: h.Older, found: map[string]state.File{}}
	paths, err := h.paths(spec, &seen)
	if err != nil {
		return Seen{}, err
	}
	for _, p := range slices.Concat(paths, watch) {
		if err := w.add(p); err != nil {
			return Seen{}, fmt.Errorf("record %s: %w", p, err)
		}
		if spec.Format == "deb" && !h.Older {
			if err := w.above(p); err != nil {
				return Seen{}, fmt.Errorf("record where %s is: %w", p, err)
			}
		}
	}
	for _, f := range w.found {
		seen.State.Files = append(seen.State.Files, f)
	}
	seen.State = seen.State.Normal()
	return seen, nil
}

// installed reads what is installed: the package, or the releases.
func (h Host) installed(ctx context.Context, spec host.Spec, seen *Seen) (err error) {
	if spec.Format != "deb" {
		at := release.Dir{Root: h.Root, Path: spec.Directory}
		r := state.Release{Directory: spec.Directory}
		r.Current, err = at.Current()
		if other, ok := errors.AsType[*release.NoLink](err); ok {
			r.Instead, err = other.Kind, nil
		}
		if err != nil {
			return err
		}
		if version, linked := strings.CutPrefix(r.Current, release.Target("")); linked && h.Changed != nil {
			if r.Changed, err = h.Changed(ctx, version); err != nil {
				return err
			}
		}
		if r.Kept, err = at.Kept(); err != nil {
			return err
		}
		seen.State.Release = &r
		return nil
	}
	if seen.Package, err = deb.Query(ctx, spec.Package); err != nil {
		return err
	}
	p := state.Package{Name: spec.Package}
	if seen.Package.Installed() {
		p.Version, p.Arch, p.Status, p.Hold = seen.Package.Version, seen.Package.Arch, seen.Package.Status, seen.Package.Hold && !h.Held
		if p.Auto, err = deb.Auto(spec.Package); err != nil {
			return err
		}
	}
	seen.State.Package = &p
	return nil
}

// leftovers are what dpkg and ucf leave beside a configuration file.
func leftovers() []string {
	return []string{".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp", ".dpkg-bak", ".dpkg-remove", ".dpkg-backup", ".ucf-old", ".ucf-dist", ".ucf-new"}
}

// WithLeftovers returns configuration files and every name dpkg may leave beside them.
func WithLeftovers(conffiles []string) []string {
	var all []string
	for _, c := range conffiles {
		all = append(all, c)
		for _, suffix := range leftovers() {
			all = append(all, c+suffix)
		}
	}
	return all
}

// paths lists what belongs to the service and should be recorded if it is there.
func (h Host) paths(spec host.Spec, seen *Seen) ([]string, error) {
	all := WithLeftovers(seen.Package.Conffiles)
	for _, c := range spec.Config {
		leads := h.follow(c)
		all = append(all, leads...)
		seen.followed = append(seen.followed, leads[1:]...)
	}
	names := slices.Concat(spec.Units, spec.Timers)
	if seen.Package.Installed() {
		more, err := deb.Units(spec.Package)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	for _, name := range names {
		all = append(all, unitPaths(h.unitDirs(), name)...)
		links, err := h.unitLinks(name)
		if err != nil {
			return nil, err
		}
		all = append(all, links...)
	}
	for _, s := range seen.Units {
		for _, file := range s.Environment {
			if strings.HasPrefix(file, "/") && !strings.ContainsAny(file, "*?[") {
				all = append(all, path.Clean(file))
			}
		}
	}
	return all, nil
}
