package manifest

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// hosts chooses hosts of a fleet.
func hosts() shape[Hosts] {
	return either("a number such as 1, a percentage such as 10%, the name of a group, or a list of names such as [web1, web2]",
		as(whole("a number of hosts", 1, 1_000_000), func(n int) Hosts { return Hosts{Count: n} },
			func(h Hosts) int { return h.Count }, func(h Hosts) bool { return h.Count > 0 }),
		as(list("a list of names of hosts such as [web1, web2]", 1, wordOf(hostName())), func(n []string) Hosts { return Hosts{Names: n} },
			func(h Hosts) []string { return h.Names }, func(h Hosts) bool { return len(h.Names) > 0 }),
		arm[Hosts]{shape: shareOrGroup(), when: func(h Hosts) bool { return h.Percent > 0 || h.Group != "" }},
	)
}

// shareOrGroup is a text: a percentage when it ends so, else the name of a group.
func shareOrGroup() shape[Hosts] {
	share, group := percentage(percent), wordOf(groupName())
	return shape[Hosts]{
		kinds: []kind{text},
		read: func(r *reader, n ast.Node) (Hosts, bool) {
			if strings.HasSuffix(scalar(n), "%") {
				p, ok := share.read(r, n)
				return Hosts{Percent: p}, ok
			}
			g, ok := group.read(r, n)
			return Hosts{Group: g}, ok
		},
		write: func(h Hosts) any {
			if h.Group != "" {
				return h.Group
			}
			return share.write(h.Percent)
		},
		schema: func(d *definitions) *jsonschema.Schema {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{share.schema(d), group.schema(d)}}
		},
	}
}
