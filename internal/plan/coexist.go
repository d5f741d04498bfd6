package plan

import (
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// coexistence has old and new tried together in the first stage, when the plan leaves a host
// on the old version beside it.
func (b *build) coexistence() {
	c := b.in.Manifest.Compat
	if c == nil || c.Coexist == nil || b.in.Options.Again || len(b.plan.Stages) == 0 {
		return
	}
	first := b.plan.Stages[0].Hosts()
	old := func(h rollout.Host) bool {
		return h.From != "" && h.From != b.plan.Release.Version && !slices.Contains(first, h.Name)
	}
	if !slices.ContainsFunc(b.plan.Hosts, old) {
		b.note("Old and new are not tried together: after stage %s no host of this rollout runs an old version.", b.plan.Stages[0].Name)
		return
	}
	b.plan.Coexist = &rollout.Coexist{Run: c.Coexist.Run, Within: c.Coexist.Within, Addresses: map[string]string{}}
	for _, h := range b.hosts {
		if h.Address != "" {
			b.plan.Coexist.Addresses[h.Name] = h.Address
		}
	}
}

// Alarm is how lines of Text begin that nobody may overlook; where there is colour they are red.
const Alarm = "  ! "

// unsafe prints why going back is not safe.
func (t *page) unsafe() {
	p := t.plan
	if len(p.Unsafe) == 0 {
		return
	}
	t.section("NO WAY BACK")
	t.alarm("After live traffic the old version may fail when it is put back.")
	for _, why := range p.Unsafe {
		t.alarm(why)
	}
	if p.AcceptedBy == "" {
		t.alarm("It needs an explicit yes: slipway deploy --accept-no-way-back.")
		return
	}
	t.alarm("Accepted by " + p.AcceptedBy + ".")
}

func (t *page) alarm(text string) {
	for i, part := range wrap(text, width-len(Alarm)-2) {
		if i > 0 {
			part = "  " + part
		}
		t.line("%s%s", Alarm, part)
	}
}

// tried says how old and new are tried together, or nothing.
func (t *page) tried(stage int) string {
	c := t.plan.Coexist
	if !t.plan.Coexists(stage) {
		return ""
	}
	words := c.Run
	if len(words) == 3 && words[0] == "/bin/sh" {
		words = words[2:]
	}
	return strings.Join(words, " ") + " here, with every updated host and one old one"
}
