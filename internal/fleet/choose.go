package fleet

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Choice says which hosts of a fleet are meant; exactly one member is set.
type Choice struct {
	Count   int
	Percent float64 // 10 is 10 %
	Group   string
	Names   []string
}

// Select chooses hosts, in the order in which they are to be changed. already are
// the names of those chosen before: none of them is chosen again, and a percentage,
// which is of all hosts, rounded up and at least one, counts them in. A count takes
// as many as there are when it asks for more. A group or a name that is not there,
// or is already chosen, is an error.
//
// Hosts come spread over zones: the next one is always of the zone that has the
// fewest chosen, already included, and among those of the first by name.
func Select(hosts []Host, choice Choice, already []string) ([]Host, error) {
	taken := map[string]bool{}
	for _, name := range already {
		taken[name] = true
	}
	var free []Host
	had := map[string]int{}
	for _, h := range hosts {
		if taken[h.Name] {
			had[h.Zone]++
			continue
		}
		free = append(free, h)
	}
	switch {
	case len(choice.Names) > 0:
		return named(hosts, choice.Names, taken)
	case choice.Group != "":
		return grouped(free, had, choice.Group, hosts)
	case choice.Percent > 0:
		want := Share(len(hosts), choice.Percent) - (len(hosts) - len(free))
		return spread(free, had, want), nil
	}
	return spread(free, had, choice.Count), nil
}

// Share is a percentage of n, rounded up and at least one; 0 of none.
func Share(n int, percent float64) int {
	if n == 0 {
		return 0
	}
	// A percentage has at most a few decimals: what is left over beyond them is an
	// error of floating point, and must not add a host.
	return min(n, max(1, int(math.Ceil(float64(n)*percent/100-1e-9))))
}

// named takes exactly the hosts of a list, in the order of names.
func named(hosts []Host, names []string, taken map[string]bool) ([]Host, error) {
	var out []Host
	for _, name := range names {
		i := slices.IndexFunc(hosts, func(h Host) bool { return h.Name == name })
		switch {
		case i < 0:
			return nil, fmt.Errorf("host %s is not one of the %d hosts of this rollout", name, len(hosts))
		case taken[name]:
			return nil, fmt.Errorf("host %s is listed twice: an earlier stage has it", name)
		}
		out = append(out, hosts[i])
		taken[name] = true
	}
	return out, nil
}

// grouped takes the hosts of a group.
func grouped(free []Host, had map[string]int, group string, all []Host) ([]Host, error) {
	in := func(h Host) bool { return slices.Contains(h.Groups, group) }
	var members []Host
	for _, h := range free {
		if in(h) {
			members = append(members, h)
		}
	}
	if len(members) > 0 {
		return spread(members, had, len(members)), nil
	}
	for _, h := range all {
		if in(h) {
			return nil, fmt.Errorf("group %s is empty: earlier stages have all of its hosts", group)
		}
	}
	if known := groupsOf(all); len(known) > 0 {
		return nil, fmt.Errorf("group %s is empty or does not exist; these hosts are in %s", group, strings.Join(known, ", "))
	}
	return nil, fmt.Errorf("group %s is empty or does not exist; these hosts are in no group", group)
}

// groupsOf names up to eight groups of hosts.
func groupsOf(hosts []Host) []string {
	var names []string
	for _, h := range hosts {
		for _, g := range h.Groups {
			if !slices.Contains(names, g) && g != "all" {
				names = append(names, g)
			}
		}
	}
	slices.Sort(names)
	if len(names) > 8 {
		names = append(names[:8], "others")
	}
	return names
}

// spread takes n hosts, always from the zone that has the fewest.
func spread(hosts []Host, had map[string]int, n int) []Host {
	byZone, zones := zoned(hosts)
	have := make([]int, len(zones))
	for i, z := range zones {
		have[i] = had[z]
	}
	n = max(0, min(n, len(hosts)))
	out := make([]Host, 0, n)
	for len(out) < n {
		least := -1
		for i, z := range zones {
			if len(byZone[z]) > 0 && (least < 0 || have[i] < have[least]) {
				least = i
			}
		}
		z := zones[least]
		out = append(out, byZone[z][0])
		byZone[z] = byZone[z][1:]
		have[least]++
	}
	return out
}

// zoned sorts hosts by zone, and in each zone by name.
func zoned(hosts []Host) (byZone map[string][]Host, zones []string) {
	byZone = map[string][]Host{}
	for _, h := range slices.SortedFunc(slices.Values(hosts), func(a, b Host) int { return Compare(a.Name, b.Name) }) {
		if _, ok := byZone[h.Zone]; !ok {
			zones = append(zones, h.Zone)
		}
		byZone[h.Zone] = append(byZone[h.Zone], h)
	}
	slices.SortFunc(zones, Compare)
	return byZone, zones
}
