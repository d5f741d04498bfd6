package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestTellSaid: the end of what a coexistence test wrote is shown, and nothing of other details.
func TestTellSaid(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]string{
		"": "", "no JSON": "", `{"steps":[{"name":"fetch"}]}`: "", `{"coexist":{"output":" \n"}}`: "",
		`{"coexist":{"output":"old cannot read\nnote\n"}}`:                 "  | old cannot read\n  | note",
		`{"coexist":{"output":"` + strings.Repeat(`x\n`, 11) + `last\n"}}`: "  2 lines before this; slipway show --output json has more\n" + strings.Repeat("  | x\n", 9) + "  | last",
	} {
		var got []string
		tellSaid(rollout.Event{Detail: detail}, func(_ Tone, format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) })
		if text := strings.Join(got, "\n"); text != want {
			t.Errorf("%s:\n%s\nwant\n%s", detail, text, want)
		}
	}
}
