package observe

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/process"
)

// run is how far the restarts of a unit have been counted: which run of it was seen,
// and how often systemd had restarted it by then.
type run struct {
	identity string
	restarts int
}

// restarts counts how often the units began anew since the cursor: as often as systemd
// says that it restarted them, and once where another run is seen than before and
// systemd did not: somebody else has restarted it then, or its count began anew.
func (h Host) restarts(ctx context.Context, cursor string) (host.Observed, error) {
	boot, err := process.Boot()
	if err != nil {
		return host.Observed{}, err
	}
	before, err := parseRuns(cursor)
	if err != nil {
		return host.Observed{}, err
	}
	units, err := h.Units.Status(ctx, h.Names...)
	if err != nil {
		return host.Observed{}, err
	}
	seen := host.Observed{Since: boot}
	var words []string
	for _, u := range units {
		if u.Batch {
			continue // it runs and ends, as it should
		}
		now := run{u.Invocation, u.Restarts}
		if now.identity == "" {
			now.identity = u.Identity
		}
		was, known := before[u.Name]
		if now.identity == "" {
			now.identity = was.identity // nothing runs: it is counted when it does
		}
		if known {
			seen.Events += float64(was.until(now))
		}
		words = append(words, fmt.Sprintf("%s=%s=%d", u.Name, now.identity, now.restarts))
	}
	seen.Cursor = strings.Join(words, " ")
	return seen, nil
}

// until counts the restarts between two looks.
func (was run) until(now run) int {
	switch {
	case now.restarts > was.restarts:
		return now.restarts - was.restarts
	case was.identity == "" || now.identity == was.identity:
		return 0
	case now.restarts < was.restarts:
		return now.restarts + 1 // the count began anew with somebody's start
	default:
		return 1
	}
}

func parseRuns(cursor string) (map[string]run, error) {
	all := map[string]run{}
	for word := range strings.FieldsSeq(cursor) {
		parts := strings.Split(word, "=")
		if len(parts) != 3 {
			return nil, fmt.Errorf("cursor %q; it must be what the last answer said", word)
		}
		n, err := strconv.Atoi(parts[2])
		if err != nil {
			return nil, fmt.Errorf("cursor %q; it must be what the last answer said", word)
		}
		all[parts[0]] = run{parts[1], n}
	}
	return all, nil
}
