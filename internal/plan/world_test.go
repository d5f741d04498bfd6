package plan_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// digest is a digest that is easy to tell from another.
func digest(c byte) string {
	d := []byte("sha256:0000000000000000000000000000000000000000000000000000000000000000")
	for i := 7; i < len(d); i++ {
		d[i] = c
	}
	return string(d)
}

// parse reads a manifest of a test.
func parse(t testing.TB, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse(manifest.Name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// balanced is a listener as a tar.gz behind HAProxy, with the stages of the design.
const balanced = `service: checkout
artifact: {tar.gz: {build: make dist}}
config: [/etc/checkout]
data: [/var/lib/checkout]
health: {http: "http://:8080/_status", expect: {version: "{{version}}"}}
environments:
  production:
    method: {ansible: {inventory: ops/hosts.yaml}}
    traffic: {haproxy: {sockets: ["ops@lb1:/run/haproxy/admin.sock", "ops@lb2:/run/haproxy/admin.sock"], public: checkout, internal: checkout_internal}}
    stages:
      - internal: {hosts: 1, checks: [{http: "http://:8080/cart"}]}
      - canary: {hosts: 10%, bake: {most: 15m}, judge: {errors: {worse_by: 1.5x, at_most: 1%}}}
      - complete: {waves: 25%, approval: required}
`

// packaged is a worker as a Debian package, with nothing but defaults.
const packaged = `service: billing
type: worker
artifact: {deb: {package: billing-worker, build: make deb}}
environments:
  production:
    method: {ansible: {inventory: hosts.yaml, hosts: billing}}
`

// world is an input in which everything is in order: n hosts in three zones, each
// with 1.0.0, kept.
func world(t testing.TB, text string, n int) plan.Input {
	t.Helper()
	m := parse(t, text)
	inv := &fleet.Inventory{Groups: map[string][]string{}}
	in := plan.Input{
		ID:        "01JDX5Z0K3T9V2M8Q4W7R6Y1AB",
		By:        "ann",
		At:        time.Date(2026, 11, 28, 14, 2, 0, 0, time.UTC),
		Project:   "/srv/checkout",
		Manifest:  m,
		Inventory: inv,
		Facts:     map[string]plan.Facts{},
	}
	a := rollout.Artifact{Format: "tar.gz", Name: m.Service, Version: "1.1.0", Arch: "amd64", Digest: digest('b'), Size: 10_400_000}
	if d := m.Artifact.Deb; d != nil {
		a.Format, a.Name = "deb", d.Package
	}
	in.Release = rollout.Release{Version: "1.1.0", Commit: "3f2a9c1", Artifacts: []rollout.Artifact{a}}
	for i := range n {
		name := fmt.Sprintf("web%d", i+1)
		inv.Hosts = append(inv.Hosts, fleet.Host{Name: name, Zone: string(rune('a' + i%3)), Address: "10.0.0." + fmt.Sprint(i+1), Groups: []string{"all", "web"}})
		in.Hosts = append(in.Hosts, name)
		in.Facts[name] = plan.Facts{FactsOf: host.FactsOf{
			Arch: "amd64", Version: "1.0.0", Digest: digest('a'), Previous: "kept", Running: true, Free: 5_000_000_000,
		}}
	}
	return in
}

// set changes what one host told.
func set(in plan.Input, name string, change func(*plan.Facts)) {
	f := in.Facts[name]
	change(&f)
	in.Facts[name] = f
}

// unreachable is a host that could not be asked.
func unreachable(in plan.Input, name string) {
	in.Facts[name] = plan.Facts{Err: errors.New("ssh: connect to host " + name + " port 22: Connection timed out")}
}
