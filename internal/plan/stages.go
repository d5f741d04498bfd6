package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// limits turns what the environment tolerates into numbers of hosts. What may be
// out is of the whole fleet, whichever part of it the rollout changes; what may fail
// is of the hosts that it changes.
func (b *build) limits() {
	b.plan.MaxOut = atLeastOne(b.env.MaxOut, b.serving())
	b.plan.Budget = b.env.Budget.Count
	if p := b.env.Budget.Percent; p > 0 {
		b.plan.Budget = int(math.Floor(float64(len(b.hosts))*p/100 + 1e-9))
	}
	b.plan.Budget = min(b.plan.Budget, len(b.hosts))
}

// serving is how many hosts the environment has, without those that are known not to
// answer: they are out already, and must not make room for more.
func (b *build) serving() int {
	n := 0
	for _, h := range b.fleet {
		if b.in.Facts[h.Name].Err == nil {
			n++
		}
	}
	return max(n, 1)
}

// atLeastOne is an amount of n hosts, rounded up.
func atLeastOne(a manifest.Amount, n int) int {
	if a.Percent > 0 {
		return fleet.Share(n, a.Percent)
	}
	return max(1, min(a.Count, n))
}

// stages chooses the hosts of every stage and cuts them into waves.
func (b *build) stages() {
	var already []string
	for i, s := range b.listed() {
		stage := stageOf(s)
		hosts, err := b.choose(s, already)
		if err != nil {
			b.refuse(b.stagePlace(i, s), err.Error(), "choose other hosts for the stage, or leave the stage out")
			continue
		}
		if b.idle(s, hosts, already) {
			b.note("Stage %s (%s) is left out: it adds no host to the %d of %d before it.", s.Kind, share(s.Hosts), len(already), len(b.hosts))
			continue
		}
		if w := b.env.Watch; w != nil && !b.in.Options.Again && s.Kind == manifest.StageComplete {
			stage.Bake, stage.Metrics = rollout.Bake{Least: w.For, Most: w.For}, Metrics(w.Judge)
		}
		stage.Waves = b.waves(s, hosts)
		b.plan.Stages = append(b.plan.Stages, stage)
		already = append(already, hostNames(hosts)...)
		if s.Kind == manifest.StageInternal {
			b.internalFits(i, s, hosts)
		}
	}
	b.nameStages()
}

// listed are the stages of the rollout as the manifest, or an option, lists them. A
// fleet of one host has nothing to compare it with and nobody to serve beside it:
// unless stages were asked for, it has one.
func (b *build) listed() []manifest.Stage {
	switch {
	case len(b.in.Options.Stages) > 0:
		return b.in.Options.Stages
	case len(b.fleet) == 1 && !b.env.Written:
		b.note("The fleet is one host: it is updated in one stage.")
		return b.env.Stages[len(b.env.Stages)-1:]
	}
	return b.env.Stages
}

// choose returns the hosts that a stage adds. Hosts of a group or a list that this
// rollout does not change, because they have the release or were left out, are
// passed over.
func (b *build) choose(s manifest.Stage, already []string) ([]fleet.Host, error) {
	c := fleet.Choice{Count: s.Hosts.Count, Percent: s.Hosts.Percent, Group: s.Hosts.Group}
	switch {
	case s.Kind == manifest.StageComplete:
		c = fleet.Choice{Count: len(b.hosts)}
	case c.Group != "" && b.passedOver(func(h fleet.Host) bool { return slices.Contains(h.Groups, c.Group) }):
		return nil, nil
	case len(s.Hosts.Names) > 0:
		for _, name := range s.Hosts.Names {
			if !b.passedOver(func(h fleet.Host) bool { return h.Name == name }) {
				c.Names = append(c.Names, name)
			}
		}
	}
	return fleet.Select(b.hosts, c, already)
}

// passedOver reports whether the fleet has such hosts and the rollout changes none.
func (b *build) passedOver(such func(fleet.Host) bool) bool {
	return slices.ContainsFunc(b.fleet, such) && !slices.ContainsFunc(b.hosts, such)
}

// idle reports whether a stage would change nothing. A canary that adds no host to
// an internal stage does: the hosts of that stage go live in it.
func (b *build) idle(s manifest.Stage, hosts []fleet.Host, already []string) bool {
	if len(hosts) > 0 || s.Kind == manifest.StageComplete {
		return false
	}
	last := len(b.plan.Stages) - 1
	return len(already) == 0 || last >= 0 && b.plan.Stages[last].Kind != rollout.StageInternal
}

// waves cuts the hosts of a stage, never into more than may be out at once.
func (b *build) waves(s manifest.Stage, hosts []fleet.Host) [][]string {
	size := len(hosts)
	if s.Waves != (manifest.Amount{}) {
		size = atLeastOne(s.Waves, len(b.hosts))
	}
	waves := [][]string{}
	for _, wave := range fleet.Batch(hosts, min(size, b.plan.MaxOut)) {
		waves = append(waves, hostNames(wave))
	}
	return waves
}

// internalFits refuses an internal stage behind a balancer that takes more hosts
// out of public service, for as long as it lasts, than may be out at once.
func (b *build) internalFits(i int, s manifest.Stage, hosts []fleet.Host) {
	if b.plan.Traffic == nil {
		return
	}
	serving := 0
	for _, h := range hosts {
		if b.in.Facts[h.Name].Version != "" {
			serving++
		}
	}
	switch {
	case serving > b.plan.MaxOut:
		b.refuse(b.stagePlace(i, s),
			fmt.Sprintf("it takes %d hosts out of public service, and at most %d of %d may be out at once", serving, b.plan.MaxOut, len(b.fleet)),
			fmt.Sprintf("set max_out: %d, or give the stage fewer hosts", serving))
	case serving > 0 && serving == len(b.fleet):
		b.refuse(b.stagePlace(i, s),
			fmt.Sprintf("it takes every host (%d) out of public service for as long as it lasts", serving),
			"give it fewer hosts, or leave the stage out")
	}
}

// stagePlace names a stage with where it is written.
func (b *build) stagePlace(i int, s manifest.Stage) string {
	if len(b.in.Options.Stages) > 0 || !b.env.Written {
		return "stage " + string(s.Kind)
	}
	at := b.in.Manifest.Position(fmt.Sprintf("environments.%s.stages[%d]", b.env.Name, i))
	return fmt.Sprintf("stage %s (%s:%d:%d)", s.Kind, b.in.Manifest.File, at.Line, at.Column)
}

// rehearsal decides whether the way back is shown before anybody reaches a host. A
// rollout without an internal stage has no such moment.
func (b *build) rehearsal() {
	internal := func(s rollout.Stage) bool { return s.Kind == rollout.StageInternal && len(s.Hosts()) > 0 }
	b.plan.Rehearse = b.env.Rehearse && slices.ContainsFunc(b.plan.Stages, internal)
}

// nameStages tells several canaries apart.
func (b *build) nameStages() {
	canaries := 0
	for _, s := range b.plan.Stages {
		if s.Kind == rollout.StageCanary {
			canaries++
		}
	}
	n := 0
	for i := range b.plan.Stages {
		s := &b.plan.Stages[i]
		s.Name = string(s.Kind)
		if s.Kind == rollout.StageCanary && canaries > 1 {
			n++
			s.Name = fmt.Sprintf("canary %d", n)
		}
	}
}

// share is what a stage asked for, in words.
func share(h manifest.Hosts) string {
	switch {
	case h.Percent > 0:
		return fmt.Sprintf("%v%%", h.Percent)
	case h.Group != "":
		return "group " + h.Group
	case len(h.Names) > 0:
		return strings.Join(h.Names, ", ")
	}
	return fmt.Sprintf("%d hosts", h.Count)
}

// MaxOut is how many hosts of a fleet may be out of service at once.
func MaxOut(a manifest.Amount, hosts int) int { return atLeastOne(a, max(hosts, 1)) }
