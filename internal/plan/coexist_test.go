package plan_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestCoexist: old and new are tried together when a host stays old beside the first stage.
func TestCoexist(t *testing.T) {
	t.Parallel()
	tried := balanced + "compat: {coexist: {run: [./test/coexist.sh], within: 2m}}\n"
	in := world(t, tried, 3)
	p, err := plan.Build(in)
	want := &rollout.Coexist{Run: []string{"./test/coexist.sh"}, Within: 2 * time.Minute,
		Addresses: map[string]string{"web1": "10.0.0.1", "web2": "10.0.0.2", "web3": "10.0.0.3"}}
	if err != nil || !reflect.DeepEqual(p.Coexist, want) || len(p.Notes) != 0 {
		t.Fatalf("%+v, %v; want %+v", p, err, want)
	}
	first := p.Stages[0].Hosts()[0]
	fresh, there, again := world(t, tried, 3), world(t, tried, 3), world(t, tried, 3)
	for _, name := range in.Hosts {
		set(fresh, name, func(f *plan.Facts) { f.Version, f.Digest, f.Previous = "", "", "" })
		if name != first {
			set(there, name, func(f *plan.Facts) { f.Version, f.Digest = "1.1.0", digest('b') })
		}
	}
	again.Options.Again = true
	for name, in := range map[string]plan.Input{"first install": fresh, "one host is left": there, "again": again} {
		p, err := plan.Build(in)
		if err != nil || p.Coexist != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
			continue
		}
		if said := strings.Contains(strings.Join(p.Notes, "\n"), "Old and new are not tried together"); said == (name == "again") {
			t.Errorf("%s: notes %q", name, p.Notes)
		}
	}
}

// TestUnsafeAccepted: who said yes is in the text of the plan.
func TestUnsafeAccepted(t *testing.T) {
	t.Parallel()
	in := world(t, balanced, 3)
	in.Unsafe = []string{"db/1.sql:1:1: rows are changed"}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	p.AcceptedBy = "ann@desk"
	var text strings.Builder
	if err := plan.Text(&text, p); err != nil || !strings.Contains(text.String(), plan.Alarm+"db/1.sql:1:1: rows are changed\n"+plan.Alarm+"Accepted by ann@desk.\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
}
