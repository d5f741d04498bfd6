package app

import (
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// specOf is what the helper needs to know of the service to tell its facts.
func specOf(m *manifest.Manifest) rollout.Spec {
	s := rollout.Spec{Format: "tar.gz", Units: m.Units, Timers: m.Timers, Config: m.Config, Data: m.Data}
	switch {
	case m.Artifact.Deb != nil:
		s.Format, s.Package = "deb", m.Artifact.Deb.Package
	case m.Artifact.TarGz != nil:
		s.Directory, s.Keep = m.Artifact.TarGz.Directory, m.Artifact.TarGz.Keep
	}
	if h := m.Health; h != nil {
		s.Health = &rollout.Health{HTTP: h.HTTP, Status: h.Status, Expect: h.Expect, Within: h.Within}
	}
	return s
}
