package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// drawPlan makes a plan such as plan.Build would make: hosts in stages and waves,
// no wave larger than what may be out of service.
func drawPlan(rng *rand.Rand) *rollout.Plan {
	n := 1 + rng.IntN(12)
	p := &rollout.Plan{
		ID: "sim", Service: "checkout", Environment: "sim",
		Release:   rollout.Release{Version: "2"},
		Budget:    rng.IntN(3),
		MaxOut:    1 + rng.IntN(n),
		OnFail:    drawChoice(rng),
		OnUnclear: drawUnclear(rng),
	}
	if rng.IntN(4) != 0 {
		p.Traffic = &rollout.Traffic{HAProxy: &rollout.HAProxy{Public: "p", Internal: "i"}}
	}
	p.Rehearse = rng.IntN(2) == 0
	fresh := rng.IntN(6) == 0
	var names []string
	for i := range n {
		h := rollout.Host{Name: fmt.Sprintf("web%02d", i), From: "1"}
		if fresh || rng.IntN(20) == 0 {
			h.From = ""
		}
		p.Hosts = append(p.Hosts, h)
		names = append(names, h.Name)
	}
	rng.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] })
	p.Stages = drawStages(rng, names, p.MaxOut)
	if rng.IntN(4) == 0 {
		p.Coexist = &rollout.Coexist{Run: []string{"./coexist.sh"}}
	}
	return p
}

func drawChoice(rng *rand.Rand) rollout.Choice {
	if rng.IntN(3) == 0 {
		return rollout.ChooseAsk
	}
	return rollout.ChooseRestore
}

func drawUnclear(rng *rand.Rand) rollout.Choice {
	if rng.IntN(3) == 0 {
		return rollout.ChooseWait
	}
	return drawChoice(rng)
}

func drawStages(rng *rand.Rand, names []string, maxOut int) []rollout.Stage {
	var stages []rollout.Stage
	take := func(kind rollout.StageKind, hosts []string) {
		s := rollout.Stage{Name: fmt.Sprintf("%s%d", kind, len(stages)), Kind: kind, Approval: rng.IntN(5) == 0}
		if rng.IntN(2) == 0 {
			s.Checks = []rollout.Check{{Name: "check"}}
		}
		if rng.IntN(3) != 0 {
			s.Bake = rollout.Bake{Most: time.Minute}
		}
		for len(hosts) > 0 {
			k := min(1+rng.IntN(maxOut), len(hosts))
			s.Waves = append(s.Waves, hosts[:k])
			hosts = hosts[k:]
		}
		stages = append(stages, s)
	}
	if rng.IntN(3) != 0 {
		k := min(1+rng.IntN(2), len(names), maxOut)
		take(rollout.StageInternal, names[:k])
		names = names[k:]
	}
	for range rng.IntN(3) {
		k := min(1+rng.IntN(3), len(names))
		if k > 0 {
			take(rollout.StageCanary, names[:k])
			names = names[k:]
		}
	}
	take(rollout.StageComplete, names)
	return stages
}
