//go:build !lab

package e2e

import (
	"encoding/json"
	"testing"
)

// afterAWhile has a first host tried for a while, and then judges a canary by what the balancer counts.
const afterAWhile = `    on_unclear: restore
    rehearse: false
    stages:
      - internal: {hosts: 1, bake: 50s}
      - canary: {hosts: 1, bake: {least: 1s, most: 15s}, judge: {errors: {source: haproxy, worse_by: 1.1x}}}
      - complete: {waves: 100%}
`

// TestTheBalancerIsReadBeforeTheWatch: HAProxy keeps no history, but what it counts while a
// first host is tried is what the canary is compared with.
func TestTheBalancerIsReadBeforeTheWatch(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a balancer is read each quarter of a minute")
	}
	p, info := onLocalFleet(t)
	plan(t, info, "    stages: [{complete: {waves: 100%}}]\n")
	p.must(t, 0, "deploy", "1.0.0", "--yes", "--output", "json")
	plan(t, info, afterAWhile)
	requests := requested(t, info.Public+"/cart", 40)
	s := p.run(t, "deploy", "1.1.0", "--yes", "--output", "json").summary(t)
	requests.Stop()
	var judged struct {
		Looks  int `json:"looks"`
		Before int `json:"before"`
	}
	o := p.must(t, 0, "judge", s.ID, "--stage", "canary", "--output", "json")
	if err := json.Unmarshal([]byte(o.out), &judged); err != nil {
		t.Fatalf("%v: %s", err, o)
	}
	// Each 15 s of 50, the first of which is of a time that nobody knows; on a busy machine one less.
	if judged.Before < 2 || judged.Before > 4 || judged.Looks == 0 {
		t.Errorf("%d looks at the time before, and %d at the canary: %s", judged.Before, judged.Looks, s.Stages[1].Reason)
	}
}
