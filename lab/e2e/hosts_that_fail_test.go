//go:build lab

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/lab"
)

// failingStages stop after one good host, so that hosts can be broken after the plan
// was made and before their own wave.
const failingStages = `    budget: %d
    max_out: 5
    stages:
      - canary: {hosts: [web1], bake: 0s, judge: {}}
      - complete: {approval: required, waves: 5}
`

// trouble is what befalls a host, what slipway must say of it, and its cure.
type trouble struct {
	name    string
	host    string
	late    bool // it would show in the plan: it comes after
	outcome string
	reason  string
	cause   func(t *testing.T, l *lab.Lab, host string)
	cure    func(t *testing.T, l *lab.Lab, host string)
}

func troubles() []trouble {
	return []trouble{
		{
			name: "unreachable", late: true, host: "web2", outcome: "unreachable", reason: "",
			cause: func(t *testing.T, l *lab.Lab, host string) { check(t, l.Cut(context.Background(), host)) },
			cure:  func(t *testing.T, l *lab.Lab, host string) { check(t, l.Heal(context.Background(), host)) },
		},
		{
			name: "disk full", late: true, host: "web3", outcome: "failed", reason: "No space left on device",
			cause: func(t *testing.T, l *lab.Lab, host string) { check(t, l.Fill(context.Background(), host, 2<<20)) },
			cure:  func(t *testing.T, l *lab.Lab, host string) { check(t, l.Empty(context.Background(), host)) },
		},
		{
			name: "unit does not start", host: "web4", outcome: "failed", reason: "checkout.service",
			cause: withNew("exit 1"), cure: withoutNew,
		},
		{
			name: "answers elsewhere", host: "web5", outcome: "unhealthy", reason: "8080",
			cause: withNew("echo PORT=9999 >/run/checkout.env"), cure: withoutNew,
		},
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const dropIn = "/etc/systemd/system/checkout.service.d/trouble.conf"

// withNew has a host run a script whenever 1.1.0 is about to start there, and 1.1.0 only.
func withNew(script string) func(*testing.T, *lab.Lab, string) {
	return func(t *testing.T, l *lab.Lab, host string) {
		t.Helper()
		unit := `[Service]
EnvironmentFile=-/run/checkout.env
ExecStartPre=+/bin/sh -c 'rm -f /run/checkout.env; [ $(readlink /opt/checkout/current) != releases/1.1.0 ] || { ` + script + `; }'
`
		on(t, l, host, "sh", "-c", `mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1" && systemctl daemon-reload`, "-", dropIn, unit)
	}
}

func withoutNew(t *testing.T, l *lab.Lab, host string) {
	t.Helper()
	on(t, l, host, "sh", "-c", `rm -f "$1" && systemctl daemon-reload`, "-", dropIn)
}

// fleetOfTrouble is a lab on which hosts fail.
type fleetOfTrouble struct {
	lab *lab.Lab
	program
}

// deploy takes 1.1.0 to its first host, lets the troubles befall theirs, and goes on.
func (f fleetOfTrouble) deploy(t *testing.T, budget int, all ...trouble) outcome {
	t.Helper()
	plan(t, f.lab.Info(), fmt.Sprintf(failingStages, budget))
	for _, a := range all {
		if !a.late {
			a.cause(t, f.lab, a.host)
		}
	}
	r := f.start(t, "deploy", "1.1.0", "--yes")
	r.asksFor(t, "complete")
	for _, a := range all {
		if a.late {
			a.cause(t, f.lab, a.host)
		}
		t.Cleanup(func() {
			a.cure(t, f.lab, a.host)
			f.hangUp(t) // on connections from before the host was cut off
		})
	}
	f.must(t, 0, "promote", "--no-wait")
	o := r.end(t)
	t.Logf("budget %d: exit code %d after %s: %s", budget, o.code, o.took.Round(100*time.Millisecond), o.summary(t).Why)
	return o
}

// named checks that a host that failed is named with its reason, in what deploy told
// and in what status tells.
func (f fleetOfTrouble) named(t *testing.T, o outcome, a trouble) {
	t.Helper()
	last := f.status(t).Last
	if last == nil {
		t.Fatal("status shows no rollout that ended")
	}
	for what, h := range map[string]member{"deploy": o.summary(t).host(a.host), "status": last.host(a.host)} {
		if h.Outcome != a.outcome || h.Failure == "" || !strings.Contains(h.Failure, a.reason) {
			t.Errorf("%s says of %s: %q, %q; want %s and a reason with %q", what, a.host, h.Outcome, h.Failure, a.outcome, a.reason)
		}
	}
	text := f.must(t, 0, "status").out
	if !strings.Contains(text, a.host+"  "+a.outcome+": ") {
		t.Errorf("status does not name %s as %s:\n%s", a.host, a.outcome, text)
	}
}

// newFleetOfTrouble boots a lab that runs 1.0.0 everywhere.
func newFleetOfTrouble(t *testing.T, name string) fleetOfTrouble {
	t.Helper()
	l := up(t, lab.Config{Name: name, Hosts: 6})
	f := fleetOfTrouble{l, slipway(t, l.Info().Project)}
	f.keep(t, l.Info(), "1.0.0", "1.1.0", "1.3.0", "1.4.0")
	f.first(t, l.Info(), "1.0.0")
	return f
}

// TestHostsThatFail breaks hosts in four ways, after the plan was made: more of them than
// may fail, so that all is restored.
func TestHostsThatFail(t *testing.T) {
	t.Parallel()
	f := newFleetOfTrouble(t, "fail")
	before := standing(t, f.lab.Info())
	// One of them alone; all of them are below.
	alone := troubles()[2]
	t.Run(alone.name, func(t *testing.T) { f.one(t, alone) })
	f.asBefore(t, before)
	t.Run("one more than the budget", func(t *testing.T) { f.tooMany(t) })
	f.asBefore(t, before)
	t.Run("a changed host is cut off", func(t *testing.T) { f.lost(t) })
	f.asBefore(t, before)
}

// TestHostsThatMayFail breaks them in the same ways, but as many as may fail: they are owed
// the change, and get it. Then it is rolled back.
func TestHostsThatMayFail(t *testing.T) {
	t.Parallel()
	f := newFleetOfTrouble(t, "owed")
	before := standing(t, f.lab.Info())
	t.Run("as many as the budget", func(t *testing.T) { f.enough(t) })
	if t.Failed() {
		return
	}
	t.Run("drift", func(t *testing.T) { f.drift(t) })
	t.Run("rollback from another machine", func(t *testing.T) { f.elsewhere(t) })
	f.asBefore(t, before)
}

// asBefore makes sure that a test left the fleet as it found it.
func (f fleetOfTrouble) asBefore(t *testing.T, before string) {
	t.Helper()
	runs(t, f.lab, "1.0.0")
	stands(t, f.lab.Info(), before)
	if t.Failed() {
		t.FailNow()
	}
}

// one spends a budget of 0 with one host: all is restored.
func (f fleetOfTrouble) one(t *testing.T, a trouble) {
	o := f.deploy(t, 0, a)
	f.named(t, o, a)
	if sum := o.summary(t); o.code != 1 || sum.Phase != "restored" || !strings.Contains(sum.Why, a.host) {
		t.Errorf("it was to be restored because of %s: %s", a.host, o)
	}
}

// tooMany has four hosts fail of which three may.
func (f fleetOfTrouble) tooMany(t *testing.T) {
	o := f.deploy(t, 3, troubles()...)
	for _, a := range troubles() {
		f.named(t, o, a)
	}
	if o.code != 1 || o.summary(t).Phase != "restored" {
		t.Errorf("it was to be restored: %s", o)
	}
}

// lost cuts a host off that runs the new version: it cannot be read back.
func (f fleetOfTrouble) lost(t *testing.T) {
	plan(t, f.lab.Info(), fmt.Sprintf(failingStages, 0))
	r := f.start(t, "deploy", "1.1.0", "--yes")
	r.asksFor(t, "complete")
	check(t, f.lab.Cut(t.Context(), "web1"))
	healed := false
	t.Cleanup(func() {
		if !healed {
			check(t, f.lab.Heal(context.Background(), "web1"))
		}
	})
	f.must(t, 4, "abort")
	o := r.end(t)
	sum := o.summary(t)
	if h := sum.host("web1"); o.code != 4 || sum.Phase != "needs a person" || !strings.Contains(sum.Why, "web1") || h.Restored || h.Exposure == "live" {
		t.Errorf("a person was to be needed for web1: %s", o)
	}
	check(t, f.lab.Heal(t.Context(), "web1"))
	healed = true
	f.hangUp(t) // on the connection from before it was cut off
	o = f.must(t, 0, "rollback", sum.ID, "--output", "json")
	if sum := o.summary(t); sum.Phase != "restored" || !sum.host("web1").Restored {
		t.Errorf("the host is back, and a rollback was to restore it: %s", o)
	}
}

// enough has four hosts fail of which four may: the others get the release, and these are
// owed it.
func (f fleetOfTrouble) enough(t *testing.T) {
	o := f.deploy(t, 4, troubles()...)
	sum := o.summary(t)
	if o.code != 0 || sum.Phase != "completed" {
		t.Errorf("it was to complete: %s", o)
	}
	for _, a := range troubles() {
		f.named(t, o, a)
		if h := sum.host(a.host); !h.Owed || h.Exposure != "live" || !strings.Contains(sum.Why, a.host) {
			t.Errorf("%s is not named as owed the change: %s: %+v", a.host, sum.Why, h)
		}
	}
	f.answer(t, map[string]string{"web1": "1.1.0", "web2": "-", "web6": "1.1.0"}) // web2 is cut off
	f.reconciled(t)
}

// answer checks what hosts answer with: 1.0.0 where nothing else is said.
func (f fleetOfTrouble) answer(t *testing.T, want map[string]string) {
	t.Helper()
	for i, got := range answering(t, f.lab.Info()) {
		name := f.lab.Info().Hosts[i].Name
		if is, ok := want[name]; ok && got != is || !ok && got != "1.0.0" {
			t.Errorf("%s answers with %s", name, got)
		}
	}
}

// reconciled gives hosts what they are owed: those that were mended at once, and the one
// that is still cut off when it is back.
func (f fleetOfTrouble) reconciled(t *testing.T) {
	t.Helper()
	all := troubles()
	for _, a := range all[1:] {
		a.cure(t, f.lab, a.host)
	}
	o := f.must(t, 3, "reconcile")
	if last := f.status(t).Last; last == nil || last.Phase != "completed" || !last.host("web2").Owed || !strings.Contains(o.out, "still owed: web2") {
		t.Errorf("web2 was to stay owed, and nothing else: %s", o)
	}
	f.answer(t, map[string]string{"web1": "1.1.0", "web2": "-", "web3": "1.1.0", "web4": "1.1.0", "web5": "1.1.0", "web6": "1.1.0"})
	all[0].cure(t, f.lab, "web2")
	f.hangUp(t) // on the connection from before it was cut off
	o = f.must(t, 0, "reconcile")
	if !strings.Contains(o.out, "hosts are as recorded") {
		t.Errorf("nothing was to be left: %s", o)
	}
	runs(t, f.lab, "1.1.0")
}

// drift edits a host by hand, which status must show.
func (f fleetOfTrouble) drift(t *testing.T) {
	on(t, f.lab, "web4", "ln", "-sfn", "releases/1.0.0", "/opt/checkout/current")
	if o := f.must(t, 0, "status"); !strings.Contains(o.out, "drift: not as recorded") || !strings.Contains(o.out, "web4  version") {
		t.Errorf("status was to show that web4 has another version: %s", o)
	}
	on(t, f.lab, "web4", "ln", "-sfn", "releases/1.1.0", "/opt/checkout/current")
	if o := f.must(t, 0, "status"); !strings.Contains(o.out, "hosts are as recorded") {
		t.Errorf("put right by hand, nothing was to be shown: %s", o)
	}
}

// elsewhere rolls back from a machine that has no journal of what was deployed.
func (f fleetOfTrouble) elsewhere(t *testing.T) {
	other := slipway(t, f.lab.Info().Project)
	if o := other.must(t, 2, "rollback"); !strings.Contains(o.out, "as its hosts remember it") {
		t.Errorf("it was to show what the hosts remember: %s", o)
	}
	o := other.must(t, 0, "rollback", "--yes", "--output", "json")
	sum := o.summary(t)
	if sum.Phase != "restored" {
		t.Errorf("it was to be restored: %s", o)
	}
	for _, h := range sum.Hosts {
		if !h.Restored || h.Now != "1.0.0" {
			t.Errorf("slipway says of %s: %+v", h.Name, h)
		}
	}
}
