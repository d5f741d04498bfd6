package plan

import (
	"fmt"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// host plans one host: what it runs now, and how it goes back to that.
func (b *build) host(h fleet.Host, f Facts) (rollout.Host, bool) {
	back, ok := b.back(h.Name, f)
	return rollout.Host{Name: h.Name, Zone: h.Zone, Arch: f.Arch, From: f.Version, Back: back}, ok
}

// back says how a host returns to what it is now. What the host itself kept is
// taken first: it needs no network on the way back.
func (b *build) back(name string, f Facts) (rollout.Back, bool) {
	if f.Version == "" {
		return rollout.Back{How: "remove"}, true
	}
	how := "relink"
	if b.plan.Spec.Format == "deb" {
		how = "package"
	}
	switch f.Previous {
	case "kept":
		return rollout.Back{How: how, Where: "kept on the host"}, true
	case "package cache":
		return rollout.Back{How: how, Where: "package cache of the host"}, true
	}
	stored, found := b.stored(f)
	if found {
		return rollout.Back{How: how, Where: "artifact store", Artifact: &stored}, true
	}
	if f.Previous == "archive" {
		return rollout.Back{How: how, Where: "package archive"}, true
	}
	b.refuseHost(name, fmt.Sprintf("no way back: %s %s is not to be had, neither on the host nor in the store", b.artifactName(), f.Version),
		fmt.Sprintf("put that version in the store: slipway build %s --import FILE; or %s", f.Version, leave))
	return rollout.Back{}, false
}

// stored looks for the artifact that a host has now. One of another digest is not it.
func (b *build) stored(f Facts) (rollout.Artifact, bool) {
	for _, arch := range []string{f.Arch, "all"} {
		a, ok := b.in.Stored(b.artifactName(), f.Version, arch)
		if ok && a.Format == b.plan.Spec.Format && (f.Digest == "" || f.Digest == a.Digest) {
			return a, true
		}
	}
	return rollout.Artifact{}, false
}

// artifactName is what artifacts of the service are called.
func (b *build) artifactName() string {
	if b.plan.Spec.Package != "" {
		return b.plan.Spec.Package
	}
	return b.in.Manifest.Service
}
