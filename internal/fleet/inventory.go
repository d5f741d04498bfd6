package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Inventory is the hosts and groups that Ansible knows.
type Inventory struct {
	Hosts  []Host              // each once, web2 before web10
	Groups map[string][]string // every group with all hosts in and below it, in the same order
}

// Host is one host of an inventory.
type Host struct {
	Name    string
	Zone    string   // hostvar slipway_zone, else zone, else ""
	Address string   // what Ansible connects to: ansible_host and ansible_port, or the name
	Groups  []string // every group it is in, sorted
}

// listing is the JSON of `ansible-inventory --list`: groups by name, and _meta.
type listing map[string]json.RawMessage

// group is one group as Ansible lists it.
type group struct {
	Hosts    []string `json:"hosts"`
	Children []string `json:"children"`
}

// Parse reads the JSON of `ansible-inventory --list`. A host that is in several
// groups is one host.
func Parse(data []byte) (*Inventory, error) {
	var list listing
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("read the inventory: %w (expected the JSON of ansible-inventory --list)", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the inventory: something follows the JSON of ansible-inventory --list")
	}
	if list == nil {
		return nil, errors.New("read the inventory: found null, expected the JSON of ansible-inventory --list")
	}
	vars, err := list.vars()
	if err != nil {
		return nil, err
	}
	groups, err := list.groups()
	if err != nil {
		return nil, err
	}
	return assemble(vars, groups)
}

// vars are the variables of each host.
func (l listing) vars() (map[string]map[string]json.RawMessage, error) {
	var meta struct {
		Hostvars map[string]map[string]json.RawMessage `json:"hostvars"`
	}
	if raw, ok := l["_meta"]; ok {
		if err := json.Unmarshal(raw, &meta); err != nil {
			return nil, fmt.Errorf("read the inventory: _meta: %w", err)
		}
	}
	return meta.Hostvars, nil
}

// groups are all entries but _meta.
func (l listing) groups() (map[string]group, error) {
	out := map[string]group{}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if name == "_meta" {
			continue
		}
		var g group
		if err := json.Unmarshal(l[name], &g); err != nil {
			return nil, fmt.Errorf("read the inventory: group %q: %w", name, err)
		}
		out[name] = g
	}
	return out, nil
}

// assemble makes hosts of what the groups and the variables name.
func assemble(vars map[string]map[string]json.RawMessage, groups map[string]group) (*Inventory, error) {
	inv := &Inventory{Groups: map[string][]string{}}
	in := map[string][]string{}
	for name := range vars {
		in[name] = nil
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		members := slices.SortedFunc(maps.Keys(below(groups, name)), Compare)
		inv.Groups[name] = members
		for _, h := range members {
			in[h] = append(in[h], name)
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(in), Compare) {
		if !worded(name, "_.:-", 253) || strings.ContainsAny(name[:1], ".:-") {
			return nil, fmt.Errorf("read the inventory: host name %q: allowed are letters, digits and _ . : -, beginning with a letter, digit or _", name)
		}
		h := Host{Name: name, Address: addressOf(name, vars[name]), Groups: in[name]}
		zone, err := zoneOf(vars[name])
		if err != nil {
			return nil, fmt.Errorf("read the inventory: host %s: %w", name, err)
		}
		h.Zone = zone
		inv.Hosts = append(inv.Hosts, h)
	}
	return inv, nil
}

// worded reports whether a text has only letters, digits and a few other characters:
// it reaches limits of Ansible and the sockets of balancers.
func worded(s, others string, most int) bool {
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// below are the hosts in a group and in all groups below it. Groups may form a
// diamond; a circle, which Ansible refuses, ends here too.
func below(groups map[string]group, name string) map[string]bool {
	hosts, seen := map[string]bool{}, map[string]bool{}
	next := []string{name}
	for len(next) > 0 {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		for _, h := range groups[at].Hosts {
			hosts[h] = true
		}
		next = append(next, groups[at].Children...)
	}
	return hosts
}

// zoneOf is the failure domain of a host, from its variables.
func zoneOf(vars map[string]json.RawMessage) (string, error) {
	for _, name := range []string{"slipway_zone", "zone"} {
		raw, ok := vars[name]
		if !ok {
			continue
		}
		zone, ok := word(raw)
		if !ok || !worded(zone, "_.:/-", 100) {
			if name == "zone" {
				// A variable of that name may well mean something else.
				return "", nil
			}
			return "", fmt.Errorf("slipway_zone is %.60s: allowed are up to 100 letters, digits and _ . : / -", raw)
		}
		return zone, nil
	}
	return "", nil
}

// addressOf is what Ansible connects to. Two names of one address are one host.
func addressOf(name string, vars map[string]json.RawMessage) string {
	address := name
	for _, v := range []string{"ansible_ssh_host", "ansible_host"} {
		if w, ok := word(vars[v]); ok && w != "" {
			address = w
		}
	}
	for _, v := range []string{"ansible_port", "ansible_ssh_port"} {
		if w, ok := word(vars[v]); ok && w != "" && w != "22" {
			return address + " port " + w
		}
	}
	return address
}

// word is a variable that is a text or a whole number.
func word(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, true
	}
	var n int64
	if json.Unmarshal(raw, &n) == nil {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

// Host returns a host by name.
func (inv *Inventory) Host(name string) (Host, bool) {
	i, ok := slices.BinarySearchFunc(inv.Hosts, name, func(h Host, name string) int { return Compare(h.Name, name) })
	if !ok {
		return Host{}, false
	}
	return inv.Hosts[i], true
}
