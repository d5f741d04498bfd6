package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// sourced is what is wrong with a manifest whose metric has a source.
func sourced(t *testing.T, source string) []Problem {
	t.Helper()
	_, err := Parse(Name, fmt.Appendf(nil, "service: checkout\nartifact: {deb: {build: make deb}}\nenvironments:\n  production:\n"+
		"    method: {ansible: {inventory: hosts.yaml}}\n    traffic: {haproxy: {sockets: [/run/haproxy/admin.sock], public: checkout}}\n"+
		"    stages:\n      - canary: {judge: {metric: {source: %s}}}\n      - complete:\n", source))
	if err == nil {
		return nil
	}
	var all *Errors
	if !errors.As(err, &all) {
		t.Fatalf("%s: %v", source, err)
	}
	return all.Problems
}

// TestSourcesTellTheirForm: a source that is written in the form of another kind is told its own, which is
// then accepted, and every source is allowed.
func TestSourcesTellTheirForm(t *testing.T) {
	t.Parallel()
	for _, k := range Sources() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			wrong, says := k.Name, "alone, and "+k.Name+" needs settings"
			switch {
			case k.Plain && len(k.Settings) > 0:
				t.Skip("it may be written in both forms")
			case k.Plain:
				wrong, says = "{"+k.Name+": {}}", k.Name+" takes no settings"
			}
			found := sourced(t, wrong)
			if len(found) != 1 || !strings.HasSuffix(found[0].Message, says) {
				t.Fatalf("%s: %+v, want one problem: %s", wrong, found, says)
			}
			for _, other := range Sources() {
				if !strings.Contains(found[0].Allowed, other.Name) {
					t.Errorf("%s is not allowed: %s", other.Name, found[0].Allowed)
				}
			}
			right, ok := strings.CutPrefix(found[0].Hint, "write source: ")
			if !ok {
				t.Fatalf("the hint is %q", found[0].Hint)
			}
			if found := sourced(t, filled(t, k, right)); len(found) > 0 {
				t.Errorf("%s is refused: %+v", right, found)
			}
		})
	}
}

// filled is a form with examples in place of the dots.
func filled(t *testing.T, k SourceKind, form string) string {
	t.Helper()
	for _, s := range k.Settings {
		example := s.Example
		if example == nil {
			example = "up"
		}
		text, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		form = strings.Replace(form, s.Name+": ...", s.Name+": "+string(text), 1)
	}
	return form
}
