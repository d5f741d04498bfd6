package plan

import (
	"fmt"
	"slices"

	"github.com/slipway-deploy/slipway/internal/fleet"
)

// scope finds the hosts that the rollout is about.
func (b *build) scope() {
	b.resolve()
	only := b.chosen("--hosts", b.in.Options.Only)
	without := b.chosen("--without", b.in.Options.Without)
	for _, h := range b.fleet {
		if (len(b.in.Options.Only) == 0 || only[h.Name]) && !without[h.Name] {
			b.hosts = append(b.hosts, h)
		}
	}
	b.sameAddress()
	if len(b.hosts) == 0 && len(b.fleet) > 0 {
		b.refuse("options", fmt.Sprintf("of %d hosts none is left", len(b.fleet)), "choose other hosts with --hosts and --without")
	}
}

// resolve takes the environment's hosts out of the inventory.
func (b *build) resolve() {
	seen := map[string]bool{}
	for _, name := range b.in.Hosts {
		h, ok := b.in.Inventory.Host(name)
		switch {
		case seen[name]:
			b.refuse(name, "the host is listed twice among the hosts of the environment", "list it once in the inventory")
		case !ok:
			b.refuse(name, "the host is not in the inventory", "add it there, or correct the hosts of the environment")
		default:
			b.fleet = append(b.fleet, h)
		}
		seen[name] = true
	}
	slices.SortFunc(b.fleet, func(x, y fleet.Host) int { return fleet.Compare(x.Name, y.Name) })
	if len(b.in.Hosts) == 0 {
		b.noHosts()
	}
}

// noHosts refuses an environment without a host.
func (b *build) noHosts() {
	if a := b.env.Method.Ansible; a != nil {
		b.refuse(b.place("method"), fmt.Sprintf("an empty group: pattern %s of %s matches no host", a.Hosts, a.Inventory),
			"look at it with ansible-inventory -i "+a.Inventory+" --graph, or correct hosts")
		return
	}
	b.refuse(b.place("method"), "an empty fleet: directory "+b.env.Method.Local.Directory+" holds no host",
		"each host is a directory in it with a file host.json; make one, or correct directory")
}

// sameAddress refuses one host under two names: it would be changed twice, and be
// put back to what the first change left.
func (b *build) sameAddress() {
	first := map[string]string{}
	for _, h := range b.hosts {
		other, twice := first[h.Address]
		if !twice {
			first[h.Address] = h.Name
			continue
		}
		b.refuse(h.Name, fmt.Sprintf("the host is listed twice: it has the address of %s, %s", other, h.Address),
			"take one of the two names out of the inventory, or leave out: --without "+h.Name)
	}
}

// chosen resolves hosts and groups of an option.
func (b *build) chosen(option string, words []string) map[string]bool {
	out := map[string]bool{}
	for _, word := range words {
		found := false
		for _, h := range b.fleet {
			if h.Name == word || slices.Contains(h.Groups, word) {
				out[h.Name] = true
				found = true
			}
		}
		if !found {
			b.refuse("option "+option, fmt.Sprintf("%s is neither a host nor a group of this environment", word),
				"its hosts are "+names(hostNames(b.fleet), 200))
		}
	}
	return out
}

// hostNames are the names of hosts.
func hostNames(hosts []fleet.Host) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = h.Name
	}
	return out
}
