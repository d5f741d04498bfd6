package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/oklog/ulid/v2"

	"github.com/slipway-deploy/slipway/internal/artifact"
	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/metric"
	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// PlanRequest asks what bringing a version to an environment would do.
type PlanRequest struct {
	Dir, File   string // slipway.yaml, and the directory that its name starts at
	Environment string // "": the only one
	Service     string // of a rollout that hosts remember; "": whichever the manifest names
	Version     string
	Only        []string // hosts or groups; empty: all
	Without     []string
	Again       bool // hosts that have the version already get it once more, in one stage
	// Unreleased is why a commit goes out that the project's release rules do not let out.
	Unreleased string
}

// Plan asks every host what it runs, and decides everything. It changes nothing on
// hosts and journals nothing. A *plan.Refusals says why there can be no plan.
func (a *App) Plan(ctx context.Context, r PlanRequest) (*rollout.Plan, error) {
	made, err := a.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	return made.plan, nil
}

// prepared is a plan with what it was made from.
type prepared struct {
	plan     *rollout.Plan // nil: there can be none
	project  project
	env      *manifest.Environment
	release  rollout.Release
	crew     crew
	released *plan.Result // nil: the project has no release rules
	beside   sideBySide   // what contracts say of old and new
}

// prepare makes a plan. When the hosts were asked and there can be no plan, what was found
// is returned with the error.
func (a *App) prepare(ctx context.Context, r PlanRequest) (m prepared, err error) {
	if m.project, err = open(r.Dir, r.File); err != nil {
		return m, err
	}
	p := m.project
	if m.env, err = p.Environment(r.Environment); err != nil {
		return m, &Error{Kind: Misconfigured, Err: err}
	}
	if err := checked(asWritten(p, m.env)); err != nil {
		return m, err
	}
	if m.release, err = a.release(p, r.Version); err != nil {
		return m, err
	}
	if !r.Again { // what is live went out by the rules before
		if m.released, err = a.released(ctx, p, m.release, r.Unreleased); err != nil {
			return m, err
		}
		if err := a.heldToStandard(ctx, p, m.env, m.release); err != nil {
			return m, err
		}
	}
	active, err := a.activeID(ctx, p.Service, m.env.Name)
	if err != nil {
		return m, err
	}
	if m.crew, err = a.gather(ctx, p, m.env); err != nil {
		return m, err
	}
	if !r.Again {
		if m.beside, err = a.sideBySide(ctx, p, m.release, m.crew.facts); err != nil {
			return m, err
		}
	}
	options := plan.Options{Only: r.Only, Without: r.Without, Again: r.Again}
	if r.Again {
		last := m.env.Stages[len(m.env.Stages)-1]
		last.Approval = false // whoever asks for it approves of it
		options.Stages = []manifest.Stage{last}
	}
	m.plan, err = plan.Build(plan.Input{
		ID: ulid.Make().String(), By: a.cfg.By, At: a.cfg.Now().UTC(), Project: p.dir,
		Manifest: p.Manifest, Environment: m.env.Name, Inventory: m.crew.inventory, Hosts: m.crew.hosts, Facts: m.crew.facts,
		Release: m.release, Stored: a.stored, Active: active,
		Clashes: m.beside.clashes(), Unsafe: m.beside.unsafe(), Remarks: m.beside.remarks(),
		Options: options, Changes: a.changes(ctx, p, m.release, m.crew.facts),
	})
	if err != nil {
		return m, err
	}
	for _, lack := range Missing(m.plan) {
		m.plan.Notes = append(m.plan.Notes, "A secret is not to be had here, and must be where the rollout is driven: "+lack+".")
	}
	if m.released != nil && m.released.Answer == plan.Waived {
		m.plan.Notes = append(m.plan.Notes, "It goes out although "+m.released.Said+".")
	}
	return m, nil
}

// asWritten is what of an environment can be checked without asking its hosts.
func asWritten(p project, env *manifest.Environment) *rollout.Plan {
	made := &rollout.Plan{Notify: plan.Channels(p.Manifest, env)}
	for _, s := range env.Stages {
		made.Stages = append(made.Stages, rollout.Stage{Name: string(s.Kind), Metrics: plan.Metrics(s.Judge)})
	}
	if w := env.Watch; w != nil {
		made.Stages = append(made.Stages, rollout.Stage{Name: "watch", Metrics: plan.Metrics(w.Judge)})
	}
	return made
}

// checked refuses a source or a channel that could not work, before any host is asked.
func checked(p *rollout.Plan) error {
	named := map[string]rollout.Metric{}
	for _, s := range p.Stages {
		for _, m := range s.Metrics {
			if other, ok := named[m.Name]; ok && !reflect.DeepEqual([]any{m.Source, m.Kind, m.Ask}, []any{other.Source, other.Kind, other.Ask}) {
				return &Error{Kind: Misconfigured, Err: fmt.Errorf("metric %s is read in two ways: in stage %s from %s, and before that from %s", m.Name, s.Name, m.Source, other.Source),
					Hint: "give the second one another name; or write it once with an anchor (&name) and refer to it (*name)"}
			}
			named[m.Name] = m
			if err := metric.Check(m); err != nil {
				return &Error{Kind: Misconfigured, Err: fmt.Errorf("stage %s: %w", s.Name, err), Hint: "correct it in " + manifest.Name + "; docs/manifest.md lists what each source is told"}
			}
		}
	}
	for _, c := range p.Notify {
		if _, err := notify.ParseTemplate(c.Name, c.Template); err != nil {
			return &Error{Kind: Misconfigured, Err: err, Hint: "correct its template in " + manifest.Name}
		}
	}
	return nil
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
