package plan_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// group puts hosts of the inventory into a group.
func group(in plan.Input, name string, hosts ...string) {
	for i := range in.Inventory.Hosts {
		h := &in.Inventory.Hosts[i]
		for _, member := range hosts {
			if h.Name == member {
				h.Groups = append(h.Groups, name)
			}
		}
	}
}

// staged is balanced with other stages.
func staged(stages string) string {
	head, _, _ := strings.Cut(balanced, "    stages:\n")
	return head + "    stages:\n" + stages
}

// TestRefusals holds each thing that can stand in the way to its exact words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		make func(t *testing.T) plan.Input
	}{
		{"unreachable", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			unreachable(in, "web3")
			unreachable(in, "web5")
			return in
		}},
		{"never asked", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			delete(in.Facts, "web2")
			return in
		}},
		{"previous not to be had", func(t *testing.T) plan.Input {
			in := world(t, packaged, 3)
			set(in, "web2", func(f *plan.Facts) { f.Previous = "" })
			return in
		}},
		{"previous in the store is another", func(t *testing.T) plan.Input {
			in := world(t, packaged, 3)
			set(in, "web2", func(f *plan.Facts) { f.Previous = "" })
			in.Stored = func(name, version, arch string) (rollout.Artifact, bool) {
				return rollout.Artifact{Format: "deb", Name: name, Version: version, Arch: arch, Digest: digest('f')}, true
			}
			return in
		}},
		{"listed twice", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			in.Hosts = append(in.Hosts, "web2")
			return in
		}},
		{"two names of one host", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			in.Inventory.Hosts[5].Address = "10.0.0.1"
			return in
		}},
		{"not in the inventory", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			in.Hosts = append(in.Hosts, "db1")
			return in
		}},
		{"pattern matches nothing", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			in.Hosts = nil
			return in
		}},
		{"empty group", func(t *testing.T) plan.Input {
			return world(t, staged("      - canary: {hosts: canaries}\n      - complete:\n"), 6)
		}},
		{"group used up", func(t *testing.T) plan.Input {
			in := world(t, staged("      - internal: {hosts: [web1]}\n      - canary: {hosts: canaries}\n      - complete:\n"), 6)
			group(in, "canaries", "web1")
			return in
		}},
		{"name in two stages", func(t *testing.T) plan.Input {
			return world(t, staged("      - internal: {hosts: [web1]}\n      - canary: {hosts: [web2, web1]}\n      - complete:\n"), 6)
		}},
		{"unknown name in a stage", func(t *testing.T) plan.Input {
			return world(t, staged("      - canary: {hosts: [web9]}\n      - complete:\n"), 6)
		}},
		{"architecture", func(t *testing.T) plan.Input {
			in := world(t, balanced, 6)
			for _, name := range []string{"web4", "web5", "web6"} {
				set(in, name, func(f *plan.Facts) { f.Arch = "arm64" })
			}
			return in
		}},
		{"nothing to do", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			for name := range in.Facts {
				set(in, name, func(f *plan.Facts) { f.Version, f.Digest = "1.1.0", digest('b') })
			}
			return in
		}},
		{"same version, other artifact", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			set(in, "web1", func(f *plan.Facts) { f.Version, f.Digest = "1.1.0", digest('c') })
			return in
		}},
		{"half installed", func(t *testing.T) plan.Input {
			in := world(t, packaged, 3)
			set(in, "web1", func(f *plan.Facts) {
				f.Problems = []string{"package billing-worker is half-configured\nsecond line"}
			})
			return in
		}},
		{"disk", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			set(in, "web1", func(f *plan.Facts) { f.Free = 7_300_000 })
			return in
		}},
		{"another rollout", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Active = "01JDX4AAAAAAAAAAAAAAAAAAAA"
			return in
		}},
		{"package on a local fleet", func(t *testing.T) plan.Input {
			return world(t, strings.Replace(packaged, "ansible: {inventory: hosts.yaml, hosts: billing}", "local: {directory: fleet}", 1), 3)
		}},
		{"no artifact at all", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Release.Artifacts = nil
			return in
		}},
		{"artifact of another service", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Release.Artifacts[0].Name, in.Release.Artifacts[0].Format = "billing", "deb"
			return in
		}},
		{"internal stage too large", func(t *testing.T) plan.Input {
			return world(t, staged("      - internal: {hosts: 3}\n      - complete:\n"), 6)
		}},
		{"internal stage takes all", func(t *testing.T) plan.Input {
			return world(t, strings.Replace(staged("      - internal: {hosts: 2}\n      - complete:\n"), "    stages:", "    max_out: 100%\n    stages:", 1), 2)
		}},
		{"unknown option", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Options.Only = []string{"web7"}
			return in
		}},
		{"everything left out", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Options.Without = []string{"web"}
			return in
		}},
		{"contracts", func(t *testing.T) plan.Input {
			in := world(t, balanced, 3)
			in.Clashes = []plan.Refusal{{Place: "api/shop.yaml:12:9", Found: "response property note is gone (response-property-removed)", Next: "keep it as long as old clients read it"}}
			in.Unsafe = []string{"it is told when there is a plan"}
			return in
		}},
		{"many at once", func(t *testing.T) plan.Input {
			in := world(t, staged("      - canary: {hosts: canaries}\n      - complete:\n"), 100)
			for i := 20; i <= 60; i++ {
				unreachable(in, fmt.Sprintf("web%d", i))
			}
			set(in, "web3", func(f *plan.Facts) { f.Previous, f.Free = "", 1 })
			in.Active = "01JDX4AAAAAAAAAAAAAAAAAAAA"
			return in
		}},
	}
	var all strings.Builder
	for _, c := range cases {
		in := c.make(t)
		p, err := plan.Build(in)
		var refused *plan.Refusals
		if p != nil || !errors.As(err, &refused) {
			t.Errorf("%s: got plan %v and error %v, want a *Refusals and no plan", c.name, p, err)
			continue
		}
		for _, r := range refused.List {
			if r.Place == "" || r.Found == "" || r.Next == "" {
				t.Errorf("%s: a refusal lacks its place, what was found, or what to do: %+v", c.name, r)
			}
		}
		fmt.Fprintf(&all, "## %s\n%v\n\n", c.name, err)
	}
	golden(t, "refusals.txt", []byte(all.String()))
}

// TestNonsense is input that no plan could be thought of for.
func TestNonsense(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*plan.Input)
		want   string
	}{
		"no manifest":         {func(in *plan.Input) { in.Manifest = nil }, "plan: no manifest or no inventory"},
		"no inventory":        {func(in *plan.Input) { in.Inventory = nil }, "plan: no manifest or no inventory"},
		"no id":               {func(in *plan.Input) { in.ID = "" }, "plan: no id or no version"},
		"no version":          {func(in *plan.Input) { in.Release = rollout.Release{} }, "plan: no id or no version"},
		"relative project":    {func(in *plan.Input) { in.Project = "checkout" }, `plan: the project's directory "checkout" is not absolute`},
		"unknown environment": {func(in *plan.Input) { in.Environment = "staging" }, `no environment "staging" in slipway.yaml: it has production; name one of them with --env`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := world(t, balanced, 3)
			c.change(&in)
			if p, err := plan.Build(in); p != nil || err == nil || err.Error() != c.want {
				t.Errorf("got %v, %v, want error %q", p, err, c.want)
			}
		})
	}
}

// TestLeftOut: a host that is in the way and left out is in the way no more.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	in := world(t, balanced, 6)
	unreachable(in, "web3")
	in.Inventory.Hosts[5].Address = "10.0.0.1"
	in.Options.Without = []string{"web3", "web6"}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Hosts) != 4 {
		t.Errorf("got %d hosts, want 4", len(p.Hosts))
	}
	if p.MaxOut != 2 {
		t.Errorf("max_out is %d of the whole fleet of 6, want 2", p.MaxOut)
	}
	unreachable(in, "web6")
	in.Options.Without = append(in.Options.Without, "web4")
	unreachable(in, "web4")
	in.Hosts = []string{"web1", "web2", "web3", "web4", "web6"}
	if p, err = plan.Build(in); err != nil || p.MaxOut != 1 {
		t.Errorf("got max_out %v and %v; two of five hosts answer, want 1", p, err)
	}
}

// TestStagesOption takes the stages of an option instead of the manifest's.
func TestStagesOption(t *testing.T) {
	t.Parallel()
	in := world(t, balanced, 6)
	in.Options.Stages = []manifest.Stage{{Kind: manifest.StageComplete, Waves: manifest.Amount{Count: 1}}}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Stages) != 1 || len(p.Stages[0].Waves) != 6 {
		t.Errorf("got %d stages, the first in %d waves; want 1 stage in 6", len(p.Stages), len(p.Stages[0].Waves))
	}
}

// TestPassedOver: hosts of a list that have the release already do not make it wrong.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	in := world(t, staged("      - internal: {hosts: [web1]}\n      - canary: {hosts: canaries}\n      - complete:\n"), 6)
	group(in, "canaries", "web2", "web3")
	for _, name := range []string{"web1", "web2"} {
		set(in, name, func(f *plan.Facts) { f.Version, f.Digest = "1.1.0", digest('b') })
	}
	p, err := plan.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []rollout.StageKind
	for _, s := range p.Stages {
		kinds = append(kinds, s.Kind)
	}
	if fmt.Sprint(kinds) != "[canary complete]" || fmt.Sprint(p.Stages[0].Waves) != "[[web3]]" {
		t.Errorf("got stages %v, the first with waves %v; want a canary of web3, then complete", kinds, p.Stages[0].Waves)
	}
}
