//go:build lab

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
	"github.com/slipway-deploy/slipway/lab/load"
)

// TestTwoBalancers deploys behind two balancers with load on both, and then with one of
// them gone: nothing may be changed that cannot be drained there.
func TestTwoBalancers(t *testing.T) {
	l := up(t, lab.Config{Name: "two", Hosts: 3, Balancers: 2})
	p := slipway(t, l.Info().Project)
	p.keep(t, l.Info(), "1.0.0", "1.1.0")
	p.first(t, l.Info(), "1.0.0")
	plan(t, l.Info(), fmt.Sprintf(`    stages:
      - internal: {hosts: 1, checks: [{http: "http://:%d/cart"}]}
      - complete: {waves: 1}
`, l.Info().Port))
	before := standing(t, l.Info())

	var loads []*load.Generator
	for _, lb := range l.Info().Balancers {
		g, err := load.Start(t.Context(), load.Config{URL: lb.Public + "/cart", Rate: rate / 2, New: 0.2}, lb.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { g.Stop() })
		loads = append(loads, g)
	}
	o := p.must(t, 0, "deploy", "1.1.0", "--yes", "--output", "json")
	for i, g := range loads {
		r := g.Stop()
		t.Logf("lb%d: %d requests in %s, %d failed", i+1, r.Sent, o.took.Round(100*time.Millisecond), r.Failed)
		if r.Failed != 0 || r.Version("1.1.0").OK == 0 || r.Version("1.0.0").OK == 0 {
			t.Errorf("lb%d: %+v", i+1, r.Phases)
		}
	}
	runs(t, l, "1.1.0")
	stands(t, l.Info(), before)

	lb2 := l.Info().Balancers[1]
	check(t, l.StopBalancer(t.Context(), lb2.Name))
	o = p.must(t, 1, "deploy", "1.0.0", "--yes", "--output", "json")
	if sum := o.summary(t); sum.Phase != "restored" || !strings.Contains(sum.Why, lb2.Socket) {
		t.Errorf("it was to fail because of %s: %s", lb2.Socket, o)
	}
	for _, h := range o.summary(t).Hosts {
		if h.Changed || h.Outcome != "unreachable" {
			t.Errorf("%s was not to be touched: %+v", h.Name, h)
		}
	}
	check(t, l.StartBalancer(t.Context(), lb2.Name))
	runs(t, l, "1.1.0")
	stands(t, l.Info(), before)
}
