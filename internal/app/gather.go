package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/method"
	"github.com/slipway-deploy/slipway/internal/method/local"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// crew is the hosts of an environment and what each told of itself.
type crew struct {
	inventory *fleet.Inventory
	hosts     []string
	facts     map[string]plan.Facts
}

// gather asks the environment's method for its hosts, and every host for its facts.
func (a *App) gather(ctx context.Context, p project, env *manifest.Environment) (crew, error) {
	switch m := env.Method; {
	case m.Ansible != nil:
		return a.gatherAnsible(ctx, p, m.Ansible)
	case m.Local != nil:
		return a.gatherLocal(ctx, p, m.Local)
	}
	return crew{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("environment %s has no method", env.Name), Hint: "give it ansible or local"}
}

func (a *App) gatherAnsible(ctx context.Context, p project, m *manifest.Ansible) (crew, error) {
	runner, err := a.ansible(*plan.Method(manifest.Method{Ansible: m}, p.dir).Ansible, p.dir)
	if err != nil {
		return crew{}, &Error{Kind: Misconfigured, Err: err,
			Hint: "inventory, config and playbook in method.ansible are paths that begin at the directory of the manifest: correct that one"}
	}
	text, err := runner.Inventory(ctx)
	if err != nil {
		return crew{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("read inventory %s: %w", m.Inventory, err),
			Hint: "ansible-inventory -i " + m.Inventory + " --list shows what Ansible makes of it"}
	}
	inventory, err := fleet.Parse(text)
	if err != nil {
		return crew{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("read inventory %s: %w", m.Inventory, err)}
	}
	hosts, err := runner.Hosts(ctx, m.Hosts)
	if err != nil {
		return crew{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("find hosts %q in %s: %w", m.Hosts, m.Inventory, err),
			Hint: "ansible -i " + m.Inventory + " '" + m.Hosts + "' --list-hosts shows what Ansible makes of it"}
	}
	facts, err := runner.Facts(ctx, p.Service, plan.Spec(p.Manifest), hosts)
	return crew{inventory: inventory, hosts: hosts, facts: factsFor(facts)}, err
}

func (a *App) gatherLocal(ctx context.Context, p project, m *manifest.Local) (crew, error) {
	machine, err := a.local(*plan.Method(manifest.Method{Local: m}, p.dir).Local)
	if err != nil {
		return crew{}, &Error{Kind: Misconfigured, Err: err}
	}
	hosts, err := machine.Hosts(ctx)
	if err != nil {
		hint := "correct that file; each host of a fleet is a directory with a host.json"
		if errors.Is(err, fs.ErrNotExist) {
			hint = "correct method.local.directory, or make it, with a directory for each host and a host.json in each; slipway demo makes such a fleet"
		}
		return crew{}, &Error{Kind: Misconfigured, Err: fmt.Errorf("find hosts in %s: %w", m.Directory, err), Hint: hint}
	}
	names := namesOf(hosts)
	inventory := localInventory(hosts, names)
	facts, err := machine.Facts(ctx, p.Service, plan.Spec(p.Manifest), names)
	return crew{inventory: inventory, hosts: names, facts: factsFor(facts)}, err
}

func namesOf(hosts []local.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names
}

// localInventory is a local fleet in the words of an inventory.
func localInventory(hosts []local.Host, names []string) *fleet.Inventory {
	inv := &fleet.Inventory{Groups: map[string][]string{"all": names}}
	for _, h := range hosts {
		inv.Hosts = append(inv.Hosts, fleet.Host{Name: h.Name, Zone: h.Zone, Address: h.Address, Groups: []string{"all"}})
	}
	return inv
}

func factsFor(told map[string]method.Facts) map[string]plan.Facts {
	facts := make(map[string]plan.Facts, len(told))
	for name, f := range told {
		if f.Outcome != rollout.OK || f.Facts == nil {
			facts[name] = plan.Facts{Err: errors.New(f.Reason)}
			continue
		}
		facts[name] = plan.Facts{FactsOf: *f.Facts}
	}
	return facts
}
