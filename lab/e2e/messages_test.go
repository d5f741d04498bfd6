package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// told is one message to a channel, as slipway notify list tells it.
type told struct {
	Rollout   string `json:"rollout"`
	Channel   string `json:"channel"`
	Notice    notice `json:"notice"`
	Delivered string `json:"delivered"`
	Done      bool   `json:"done"`
	Err       string `json:"error"`
}

type notice struct {
	Key  string `json:"key"`
	Kind string `json:"kind"`
}

// told lists what a rollout told a channel, or was to tell it, in order.
func (p program) told(t *testing.T, id, channel string) (keys []string, delivered bool) {
	t.Helper()
	var all []told
	o := p.must(t, 0, "notify", "list", id, "--output", "json")
	if err := json.Unmarshal([]byte(o.out), &all); err != nil {
		t.Fatalf("%v: %s", err, o)
	}
	delivered = true
	for _, m := range all {
		if m.Channel == channel {
			keys = append(keys, m.Rollout+"/"+m.Notice.Key)
			delivered = delivered && m.Delivered != ""
		}
	}
	return keys, delivered
}

// channels is the notify of an environment: a webhook to each receiver, by its name.
func channels(all map[string]*receiver, more string) string {
	var b strings.Builder
	b.WriteString("    notify:\n")
	for name, r := range all {
		fmt.Fprintf(&b, "      - webhook: {name: %s, url: %q%s}\n", name, r.URL, more)
	}
	return b.String()
}
