package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Channels are who is told of a rollout: those of the service, then those of the
// environment. One without a name is called by its kind, and by a number as well when
// that name is taken.
func Channels(m *manifest.Manifest, env *manifest.Environment) []rollout.Channel {
	all := slices.Concat(m.Notify, env.Notify)
	taken := map[string]bool{}
	for _, c := range all {
		taken[c.Name] = true
	}
	var out []rollout.Channel
	for _, c := range all {
		name := c.Name
		for n := 1; name == ""; n++ {
			free := c.Kind
			if n > 1 {
				free = fmt.Sprintf("%s-%d", c.Kind, n)
			}
			if !taken[free] {
				name, taken[free] = free, true
			}
		}
		out = append(out, channel(name, c))
	}
	return out
}

func channel(name string, c manifest.Channel) rollout.Channel {
	out := rollout.Channel{
		Name: name, Kind: c.Kind, Template: c.Template,
		Settings: maps.Clone(c.Settings), Secrets: maps.Clone(c.Secrets),
	}
	for _, e := range c.Events {
		out.Events = append(out.Events, rollout.NoticeKind(e))
	}
	return out
}

// link fills in where people can see a rollout.
func link(text string, p *rollout.Plan) string {
	return strings.NewReplacer("{{service}}", p.Service, "{{environment}}", p.Environment,
		"{{version}}", p.Release.Version, "{{commit}}", p.Release.Commit, "{{rollout}}", p.ID).Replace(text)
}
