package plan_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// drawStages makes a list of stages that a manifest may hold.
func drawStages(t *rapid.T) string {
	var b strings.Builder
	if rapid.Bool().Draw(t, "internal") {
		fmt.Fprintf(&b, "      - internal: {hosts: %s}\n", rapid.SampledFrom([]string{"1", "2", "5%", "25%"}).Draw(t, "internal hosts"))
	}
	share := 0
	for range rapid.IntRange(0, 3).Draw(t, "canaries") {
		share += rapid.IntRange(1, 30).Draw(t, "share")
		fmt.Fprintf(&b, "      - canary: {hosts: %d%%, waves: %s}\n", share, rapid.SampledFrom([]string{"1", "10%", "100%"}).Draw(t, "canary waves"))
	}
	fmt.Fprintf(&b, "      - complete: {waves: %s}\n", rapid.SampledFrom([]string{"1", "7", "25%", "100%"}).Draw(t, "waves"))
	return b.String()
}

// TestProperties: whatever the fleet and the stages, a plan that is made holds what
// every plan must.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(rt, "hosts")
		text := strings.Replace(staged(drawStages(rt)), "    stages:",
			"    max_out: "+rapid.SampledFrom([]string{"1", "3", "25%", "60%"}).Draw(rt, "max_out")+"\n    stages:", 1)
		in := world(t, text, n)
		for i := range rapid.IntRange(0, 3).Draw(rt, "new hosts") {
			set(in, fmt.Sprintf("web%d", i+1), func(f *plan.Facts) { f.Version, f.Digest, f.Previous = "", "", "" })
		}
		p, err := plan.Build(in)
		if err != nil {
			if !strings.Contains(err.Error(), "out of public service") {
				rt.Fatalf("refused for a reason that is not there: %v", err)
			}
			return
		}
		holds(rt, in, p)
		again := in
		again.Hosts = slices.Clone(in.Hosts)
		rand.New(rand.NewPCG(uint64(n), 1)).Shuffle(n, func(i, j int) { again.Hosts[i], again.Hosts[j] = again.Hosts[j], again.Hosts[i] })
		if q, err := plan.Build(again); err != nil || !reflect.DeepEqual(p, q) {
			rt.Fatalf("the order of the hosts changed the plan: %v", err)
		}
	})
}

// holds checks what every plan must hold.
func holds(rt *rapid.T, in plan.Input, p *rollout.Plan) {
	seen := map[string]bool{}
	internal := 0
	for i, s := range p.Stages {
		if (s.Kind == rollout.StageComplete) != (i == len(p.Stages)-1) {
			rt.Fatalf("stage %d of %d is %s", i, len(p.Stages), s.Kind)
		}
		for _, wave := range s.Waves {
			if len(wave) == 0 || len(wave) > p.MaxOut {
				rt.Fatalf("a wave of %d hosts, and %d may be out", len(wave), p.MaxOut)
			}
			for _, name := range wave {
				if seen[name] {
					rt.Fatalf("%s is in two waves", name)
				}
				seen[name] = true
				if s.Kind == rollout.StageInternal && in.Facts[name].Version != "" {
					internal++
				}
			}
		}
	}
	if internal > p.MaxOut {
		rt.Fatalf("the internal stage takes out %d, and %d may be out", internal, p.MaxOut)
	}
	if len(seen) != len(in.Hosts) || len(p.Hosts) != len(in.Hosts) {
		rt.Fatalf("%d hosts in waves and %d in the plan, of %d", len(seen), len(p.Hosts), len(in.Hosts))
	}
	if !slices.IsSortedFunc(p.Hosts, func(a, b rollout.Host) int { return strings.Compare(a.Name, b.Name) }) {
		rt.Fatal("the hosts of the plan are not in the order that the rollout needs")
	}
	data, err := json.Marshal(p)
	if err != nil {
		rt.Fatal(err)
	}
	var back rollout.Plan
	if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(*p, back) {
		rt.Fatalf("the plan does not survive being stored: %v\n%+v\n%+v", err, *p, back)
	}
}

// TestCumulative: the hosts of the internal stage count in the canary's share.
func TestCumulative(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ hosts, internal, canary, complete int }{
		{2, 1, 0, 1}, {6, 1, 0, 5}, {10, 1, 0, 9}, {11, 1, 1, 9}, {20, 1, 1, 18}, {100, 1, 9, 90}, {1000, 1, 99, 900},
	} {
		p, err := plan.Build(world(t, balanced, c.hosts))
		if err != nil {
			t.Errorf("%d hosts: %v", c.hosts, err)
			continue
		}
		var got []int
		for _, s := range p.Stages {
			got = append(got, len(s.Hosts()))
		}
		if want := []int{c.internal, c.canary, c.complete}; !slices.Equal(got, want) {
			t.Errorf("%d hosts: stages of %v, want %v", c.hosts, got, want)
		}
	}
}

// TestConverted holds what the manifest says to what the rollout is given.
func TestConverted(t *testing.T) {
	t.Parallel()
	p, err := plan.Build(world(t, balanced, 6))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "balanced-6.json", append(data, '\n'))
}
