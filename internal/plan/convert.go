package plan

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Spec is what a host needs to know of the service: the plan holds it, and a host is
// asked with it what it runs before there is a plan.
func Spec(m *manifest.Manifest) rollout.Spec {
	s := rollout.Spec{
		Units:  slices.Clone(m.Units),
		Timers: slices.Clone(m.Timers),
		Config: slices.Clone(m.Config),
		Data:   slices.Clone(m.Data),
	}
	if s.Units == nil {
		s.Units = []string{}
	}
	switch {
	case m.Artifact.Deb != nil:
		s.Format, s.Package = "deb", m.Artifact.Deb.Package
	case m.Artifact.TarGz != nil:
		s.Format, s.Directory, s.Keep = "tar.gz", m.Artifact.TarGz.Directory, m.Artifact.TarGz.Keep
	}
	if h := m.Health; h != nil {
		s.Health = &rollout.Health{HTTP: h.HTTP, Status: h.Status, Expect: maps.Clone(h.Expect), Within: h.Within}
	}
	return s
}

// Method is how hosts are changed, with absolute paths.
func Method(m manifest.Method, project string) rollout.Method {
	abs := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(project, path)
	}
	if a := m.Ansible; a != nil {
		return rollout.Method{Ansible: &rollout.Ansible{
			Inventory: abs(a.Inventory),
			Hosts:     a.Hosts,
			Playbook:  abs(a.Playbook),
			Forks:     a.Forks,
			Config:    abs(a.Config),
			Variables: maps.Clone(a.Variables),
		}}
	}
	return rollout.Method{Local: &rollout.Local{Directory: abs(m.Local.Directory)}}
}

// Traffic is the balancers, or nil.
func Traffic(t *manifest.Traffic) *rollout.Traffic {
	if t == nil || t.HAProxy == nil {
		return nil
	}
	h := t.HAProxy
	return &rollout.Traffic{HAProxy: &rollout.HAProxy{
		Sockets:  slices.Clone(h.Sockets),
		Public:   h.Public,
		Internal: h.Internal,
		Server:   h.Server,
		Drain:    h.Drain,
	}}
}

// stageOf is a stage without its hosts.
func stageOf(s manifest.Stage) rollout.Stage {
	out := rollout.Stage{
		Kind:     rollout.StageKind(s.Kind),
		Bake:     rollout.Bake{Least: s.Bake.Least, Most: s.Bake.Most},
		Approval: s.Approval,
	}
	for _, c := range s.Checks {
		out.Checks = append(out.Checks, rollout.Check{
			Name: c.Name, HTTP: c.HTTP, Status: c.Status, Body: c.Body, Command: slices.Clone(c.Command), Within: c.Within,
		})
	}
	out.Metrics = Metrics(s.Judge)
	return out
}
