package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestSpelled: a yes to a release without a safe way back is typed out; a key is none.
func TestSpelled(t *testing.T) {
	t.Parallel()
	for text, yes := range map[string]bool{"no way back\n": true, "  no way back \n": true, "y\n": false, "yes\n": false, "\n": false, "": false, "no way back": false} {
		var out bytes.Buffer
		err := spelled(t.Context(), Env{In: strings.NewReader(text), Out: &out}, "Type it:", noWayBack)
		if (err == nil) != yes || !yes && !errors.Is(err, errDeclined) || !strings.Contains(out.String(), "Type it: ") {
			t.Errorf("%q: %v, %q", text, err, out.String())
		}
	}
}
