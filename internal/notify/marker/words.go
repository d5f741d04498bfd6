package marker

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
)

// person is who is behind a message: whoever asked for the step, or for the rollout.
func person(m notify.Message) string {
	if m.By != "" {
		return m.By
	}
	return m.PlannedBy
}

// marked is the version that a marker bears. Where the service was not before there is
// none to go back to.
func marked(m notify.Message) string {
	if v := m.Live(); v != "" {
		return v
	}
	return "none"
}

// changelog is what the release changes, the newest first.
func changelog(m notify.Message) string {
	if m.Live() != m.Version {
		return ""
	}
	var lines []string
	for i, c := range m.Changes {
		if i == 50 {
			lines = append(lines, fmt.Sprintf("and %d more", len(m.Changes)-i))
			break
		}
		lines = append(lines, strings.Join(strings.Fields(c.Commit+" "+c.Subject), " "))
	}
	return notify.Shorten(strings.Join(lines, "\n"), 4000)
}

// node is a part of the name of a metric: what separates parts, or means something in
// a query, becomes "_".
func node(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
	if s == "" {
		return "none"
	}
	return s
}
