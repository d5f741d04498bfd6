package journaltest

import (
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Epoch is when plans of this package were made.
func Epoch() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

// Plan returns a plan for hosts without a balancer: one canary host, then the others
// in one wave.
func Plan(id string, hosts int) *rollout.Plan {
	p := &rollout.Plan{
		ID: id, Service: "checkout", Type: "worker", Environment: "production",
		Project: "/srv/checkout", By: "alice", At: Epoch(),
		Release:   rollout.Release{Version: "1.1.0", Artifacts: []rollout.Artifact{{Format: "tar.gz", Name: "checkout", Version: "1.1.0", Arch: "all"}}},
		Budget:    hosts,
		MaxOut:    hosts,
		OnFail:    rollout.ChooseRestore,
		OnUnclear: rollout.ChooseAsk,
		Method:    rollout.Method{Local: &rollout.Local{Directory: "/srv/fleet"}},
	}
	var names []string
	for i := range hosts {
		name := fmt.Sprintf("host%05d", i)
		names = append(names, name)
		p.Hosts = append(p.Hosts, rollout.Host{Name: name, Arch: "amd64", From: "1.0.0", Back: rollout.Back{How: "relink"}})
	}
	first := min(1, hosts)
	p.Stages = []rollout.Stage{
		{Name: "canary", Kind: rollout.StageCanary, Waves: [][]string{names[:first]}},
		{Name: "complete", Kind: rollout.StageComplete, Waves: [][]string{names[first:]}},
	}
	return p
}

// Balanced puts a balancer in front of a plan's hosts, which are then recorded,
// drained and exposed.
func Balanced(p *rollout.Plan) *rollout.Plan {
	p.Type = "listener"
	p.Traffic = &rollout.Traffic{HAProxy: &rollout.HAProxy{Sockets: []string{"/run/haproxy.sock"}, Public: "checkout", Drain: time.Second}}
	return p
}

// Done is a good result of a command on a host.
func Done(c rollout.Command, host string) rollout.Event {
	return rollout.Event{
		Kind: rollout.HostDone, At: c.At.Add(time.Second), Command: c.ID, Host: host, Outcome: rollout.OK,
		Begun: c.Kind == rollout.Update, Version: "1.1.0", Equal: c.Kind == rollout.Restore, Balancer: `{"state":"ready"}`,
	}
}
