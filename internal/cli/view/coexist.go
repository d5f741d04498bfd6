package view

import (
	"encoding/json"
	"strings"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// mostSaid is how many lines of a coexistence test are shown.
const mostSaid = 10

// tellTried says that old and new were tried together on a host, and passed.
func tellTried(m Moment, say sayFunc) {
	if c, ok := pending(m.Before, m.Event.Command); ok && m.After.Plan.Coexists(c.Stage) {
		say(Good, "%s and an old host can live together: the coexistence test passed", m.Event.Host)
	}
}

// tellSaid shows the end of what a coexistence test that did not pass has written.
func tellSaid(e rollout.Event, say sayFunc) {
	var d struct {
		Coexist struct {
			Output string `json:"output"`
		} `json:"coexist"`
	}
	if json.Unmarshal([]byte(e.Detail), &d) != nil || strings.TrimSpace(d.Coexist.Output) == "" {
		return
	}
	lines := strings.Split(strings.TrimRight(d.Coexist.Output, "\n"), "\n")
	if over := len(lines) - mostSaid; over > 0 {
		say(Bad, "  %s before this; slipway show --output json has more", Count(over, "line"))
		lines = lines[over:]
	}
	for _, line := range lines {
		say(Bad, "  | %s", Clause(line, 160))
	}
}
