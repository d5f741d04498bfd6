package plan

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// build is one plan in the making.
type build struct {
	in      Input
	env     *manifest.Environment
	fleet   []fleet.Host // all hosts of the environment
	hosts   []fleet.Host // those that the rollout changes
	plan    *rollout.Plan
	refused []Refusal
}

// Build makes the plan. The error is a *Refusals, with everything that stands in
// the way, when the plan could be thought of and cannot work, and any other error
// when the input itself makes no sense.
func Build(in Input) (*rollout.Plan, error) {
	b, err := begin(in)
	if err != nil {
		return nil, err
	}
	b.whole()
	b.scope()
	b.look()
	if len(b.hosts) > 0 {
		b.limits()
		b.stages()
		b.rehearsal()
		b.coexistence()
	}
	if err := b.refusals(); err != nil {
		return nil, err
	}
	return b.plan, nil
}

// begin checks the input and fills in what needs no thought.
func begin(in Input) (*build, error) {
	switch {
	case in.Manifest == nil || in.Inventory == nil:
		return nil, errors.New("plan: no manifest or no inventory")
	case in.ID == "" || in.Release.Version == "":
		return nil, errors.New("plan: no id or no version")
	case !filepath.IsAbs(in.Project):
		return nil, fmt.Errorf("plan: the project's directory %q is not absolute", in.Project)
	}
	env, err := in.Manifest.Environment(in.Environment)
	if err != nil {
		return nil, err
	}
	if in.Stored == nil {
		in.Stored = func(string, string, string) (rollout.Artifact, bool) { return rollout.Artifact{}, false }
	}
	b := &build{in: in, env: env}
	b.plan = &rollout.Plan{
		ID:          in.ID,
		Service:     in.Manifest.Service,
		Type:        string(in.Manifest.Type),
		Environment: env.Name,
		Project:     in.Project,
		By:          in.By,
		At:          in.At,
		Release:     in.Release,
		OnFail:      rollout.Choice(env.OnFail),
		OnUnclear:   rollout.Choice(env.OnUnclear),
		Spec:        Spec(in.Manifest),
		Method:      Method(env.Method, in.Project),
		Traffic:     Traffic(env.Traffic),
		Notify:      Channels(in.Manifest, env),
		Changes:     in.Changes,
		Unsafe:      in.Unsafe,
		Notes:       slices.Clone(in.Remarks),
	}
	b.refused = slices.Clone(in.Clashes)
	b.plan.Link = link(in.Manifest.Link, b.plan)
	b.plan.Runbook, b.plan.Prerequisites = runbook(in.Manifest.Runbook, in.Project)
	return b, nil
}

// runbook is where a runbook that the manifest names is, and whether its prerequisites are a gate.
func runbook(b manifest.Runbook, project string) (file string, gate bool) {
	if b.File == "" && !b.Gate {
		return "", false
	}
	file = cmp.Or(b.File, "RUNBOOK.md")
	if !filepath.IsAbs(file) {
		file = filepath.Join(project, file)
	}
	return file, b.Gate
}

// whole refuses what is wrong with the rollout as a whole.
func (b *build) whole() {
	m := b.in.Manifest
	if b.in.Active != "" {
		b.refuse("environment "+b.env.Name,
			fmt.Sprintf("rollout %s of %s is still active", b.in.Active, m.Service),
			fmt.Sprintf("wait for it, or end it: slipway status %s, slipway abort %s", b.in.Active, b.in.Active))
	}
	if m.Artifact.Deb != nil && b.env.Method.Local != nil {
		b.refuse(b.place("method"), "a fleet on this machine cannot install a Debian package",
			"build a tar.gz for it, or use method: {ansible: ...}")
	}
	if len(b.in.Release.Artifacts) == 0 {
		b.refuse("release "+b.in.Release.Version, "it has no artifact", "build it: slipway build "+b.in.Release.Version)
	}
	for _, a := range b.in.Release.Artifacts {
		b.fits(a)
	}
}

// fits refuses an artifact that is not of this service.
func (b *build) fits(a rollout.Artifact) {
	format, name := b.plan.Spec.Format, b.in.Manifest.Service
	if b.plan.Spec.Package != "" {
		name = b.plan.Spec.Package
	}
	if a.Format == format && a.Name == name && a.Version == b.in.Release.Version {
		return
	}
	b.refuse("release "+b.in.Release.Version,
		fmt.Sprintf("its artifact is %s %s as %s; the manifest deploys %s %s as %s", a.Name, a.Version, a.Format, name, b.in.Release.Version, format),
		"build the version again with this manifest: slipway build "+b.in.Release.Version)
}

// place names a key of the environment with where it is written.
func (b *build) place(path string) string {
	at := b.in.Manifest.Position("environments." + b.env.Name + "." + path)
	return fmt.Sprintf("%s (%s:%d:%d)", path, b.in.Manifest.File, at.Line, at.Column)
}

// note adds a sentence for whoever reads the plan.
func (b *build) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.plan.Notes = append(b.plan.Notes, strings.TrimSpace(text))
}
