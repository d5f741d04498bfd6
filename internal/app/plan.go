package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// PlanRequest asks what bringing a version to an environment would do.
type PlanRequest struct {
	Dir, File   string // slipway.yaml, and the directory that its name starts at
	Environment string // "": the only one
	Version     string
	Only        []string // hosts or groups; empty: all
	Without     []string
}

// Plan asks every host what it runs, and decides everything. It changes nothing on
// hosts and journals nothing. A *plan.Refusals says why there can be no plan.
func (a *App) Plan(ctx context.Context, r PlanRequest) (*rollout.Plan, error) {
	p, err := open(r.Dir, r.File)
	if err != nil {
		return nil, err
	}
	env, err := p.Environment(r.Environment)
	if err != nil {
		return nil, &Error{Kind: Misconfigured, Err: err}
	}
	release, err := a.release(p, r.Version)
	if err != nil {
		return nil, err
	}
	active, err := a.activeID(ctx, p.Service, env.Name)
	if err != nil {
		return nil, err
	}
	crew, err := a.gather(ctx, p, env)
	if err != nil {
		return nil, err
	}
	return plan.Build(plan.Input{
		ID: ulid.Make().String(), By: a.cfg.By, At: a.cfg.Now().UTC(), Project: p.dir,
		Manifest: p.Manifest, Environment: env.Name, Inventory: crew.inventory, Hosts: crew.hosts, Facts: crew.facts,
		Release: release, Stored: a.stored, Active: active,
		Options: plan.Options{Only: r.Only, Without: r.Without},
	})
}

// release finds the artifacts of a version in the store.
func (a *App) release(p project, version string) (rollout.Release, error) {
	if err := artifact.CheckVersion(p.format(), version); err != nil {
		return rollout.Release{}, &Error{Kind: Misconfigured, Err: err, Hint: "name a version that was built, as in: slipway deploy 1.4.0"}
	}
	kept, err := a.store.List(artifact.Want{Name: p.artifactName(), Version: version, Format: p.format()})
	if err != nil {
		return rollout.Release{}, err
	}
	if len(kept) == 0 {
		return rollout.Release{}, &Error{Kind: Misconfigured, Hint: howToGet(p, version),
			Err: fmt.Errorf("there is no %s %s (%s) in the store", p.artifactName(), version, p.format())}
	}
	release := rollout.Release{Version: version, Commit: kept[0].Commit}
	for _, info := range kept {
		release.Artifacts = append(release.Artifacts, asArtifact(info))
	}
	return release, nil
}

// howToGet says how a release comes into the store.
func howToGet(p project, version string) string {
	if builds(p.Manifest) {
		return "slipway build " + version + " builds it, and slipway build " + version + " --import FILE takes one that was built elsewhere"
	}
	return "slipway build " + version + " --import FILE takes the file that was built elsewhere"
}

// builds reports whether slipway build finds something to do: a command to run, or
// files that something else leaves in the project.
func builds(m *manifest.Manifest) bool {
	if d := m.Artifact.Deb; d != nil {
		return d.Build != "" || d.File != "" || d.Tree != ""
	}
	t := m.Artifact.TarGz
	return t != nil && (t.Build != "" || t.File != "" || t.Tree != "")
}

// stored finds what a host ran before, for the plan.
func (a *App) stored(name, version, arch string) (rollout.Artifact, bool) {
	info, err := a.store.Find(artifact.Want{Name: name, Version: version, Arch: arch})
	if err != nil {
		return rollout.Artifact{}, false
	}
	return asArtifact(info), true
}

func asArtifact(i artifact.Info) rollout.Artifact {
	return rollout.Artifact{Format: i.Format, Name: i.Name, Version: i.Version, Arch: i.Arch, Digest: i.Digest, Size: i.Size}
}

// activeID is the rollout that has not ended, or "".
func (a *App) activeID(ctx context.Context, service, environment string) (string, error) {
	s, err := a.journal.Active(ctx, service, environment)
	if errors.Is(err, journal.ErrNotFound) {
		return "", nil
	}
	return s.ID, err
}
