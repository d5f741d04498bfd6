package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/fleet"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// World is what a release plan takes for granted.
type World struct {
	Hosts   []Seen            `json:"hosts"`          // every host of the environment, by name
	Head    string            `json:"head,omitempty"` // commit that the project is at; empty: it is in no git repository
	Release rollout.Release   `json:"release"`
	Files   map[string]string `json:"files"` // digests: the manifest, the inventory, the playbook, ...
}

// Seen is how a host was found.
type Seen struct {
	Name    string `json:"name"`
	Zone    string `json:"zone,omitempty"`
	Address string `json:"address,omitempty"`
	Arch    string `json:"arch,omitempty"`
	Version string `json:"version"`          // empty: the service is not there
	Digest  string `json:"digest,omitempty"` // of its artifact, when the host knows it
	Silent  bool   `json:"silent,omitempty"` // it told nothing
}

// Look notes how hosts were found.
func Look(inv *fleet.Inventory, hosts []string, facts map[string]Facts) []Seen {
	known := map[string]fleet.Host{}
	for _, h := range inv.Hosts {
		known[h.Name] = h
	}
	var all []Seen
	for _, name := range slices.SortedFunc(slices.Values(hosts), fleet.Compare) {
		f, h := facts[name], known[name]
		all = append(all, Seen{Name: name, Zone: h.Zone, Address: h.Address, Arch: f.Arch, Version: f.Version, Digest: f.Digest, Silent: f.Err != nil})
	}
	return all
}

// Stale is a release plan that does not fit the world any more.
type Stale struct {
	Of      string   `json:"of"` // "checkout 1.1.0 on production"
	Changes []string `json:"changes"`
}

// Error lists what has changed.
func (s *Stale) Error() string {
	return fmt.Sprintf("the release plan of %s is refused, nothing was changed:\n  %s", s.Of, strings.Join(s.Changes, "\n  "))
}

// Compare lists what has changed from one world to another.
func Compare(was, is World) []string {
	changes := compareHosts(was.Hosts, is.Hosts)
	if was.Head != is.Head {
		changes = append(changes, fmt.Sprintf("the project is at commit %s, and was at %s", commitOr(is.Head), commitOr(was.Head)))
	}
	changes = append(changes, compareRelease(was.Release, is.Release)...)
	names := map[string]bool{}
	for name := range was.Files {
		names[name] = true
	}
	for name := range is.Files {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch old, now := was.Files[name], is.Files[name]; {
		case old == now:
		case now == "":
			changes = append(changes, name+" is gone")
		case old == "":
			changes = append(changes, name+" is new")
		default:
			changes = append(changes, name+" was changed")
		}
	}
	return changes
}

func commitOr(c string) string {
	if c == "" {
		return "none"
	}
	return shortCommit(c)
}

// compareHosts tells hosts of which the same is true together.
func compareHosts(was, is []Seen) []string {
	old, now := byName(was), byName(is)
	told := map[string][]string{}
	var order []string
	tell := func(host, what string) {
		if told[what] == nil {
			order = append(order, what)
		}
		told[what] = append(told[what], host)
	}
	for _, h := range is {
		w, known := old[h.Name]
		switch {
		case !known:
			tell(h.Name, "new among the hosts")
		case h.Silent && !w.Silent:
			tell(h.Name, "gave no answer now")
		case h.Version != w.Version:
			tell(h.Name, fmt.Sprintf("found with %s, and had %s", installed(h.Version), installed(w.Version)))
		case h.Digest != w.Digest || h.Silent != w.Silent:
			tell(h.Name, fmt.Sprintf("found with another build of %s", installed(h.Version)))
		case h.Arch != w.Arch || h.Zone != w.Zone || h.Address != w.Address:
			tell(h.Name, "at another address, in another zone or of another architecture")
		}
	}
	for _, h := range was {
		if _, there := now[h.Name]; !there {
			tell(h.Name, "no longer among the hosts")
		}
	}
	var changes []string
	for _, what := range order {
		changes = append(changes, names(told[what], 60)+": "+what)
	}
	return changes
}

func byName(all []Seen) map[string]Seen {
	m := make(map[string]Seen, len(all))
	for _, s := range all {
		m[s.Name] = s
	}
	return m
}

func compareRelease(was, is rollout.Release) []string {
	var changes []string
	if was.Commit != is.Commit {
		changes = append(changes, fmt.Sprintf("release %s is of commit %s, and was of %s", is.Version, commitOr(is.Commit), commitOr(was.Commit)))
	}
	digests := func(r rollout.Release) string {
		var all []string
		for _, a := range r.Artifacts {
			all = append(all, a.Arch+" "+short(a.Digest))
		}
		return strings.Join(all, ", ")
	}
	if digests(was) != digests(is) {
		changes = append(changes, fmt.Sprintf("the artifacts of %s are %s, and were %s", is.Version, digests(is), digests(was)))
	}
	return changes
}

// Differs names the parts of two plans for the same thing that are not the same; what is
// of the making itself, such as its time, is not compared.
func Differs(was, is *rollout.Plan) ([]string, error) {
	old, err := parts(was)
	if err != nil {
		return nil, err
	}
	now, err := parts(is)
	if err != nil {
		return nil, err
	}
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if !bytes.Equal(old[name], now[name]) {
			differ = append(differ, name)
		}
		delete(old, name)
	}
	return append(differ, slices.Sorted(maps.Keys(old))...), nil
}

func parts(p *rollout.Plan) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "by", "at", "approved_by", "accepted_by", "changes", "notes"} {
		delete(all, name)
	}
	if p.Link != "" {
		all["link"], err = json.Marshal(strings.ReplaceAll(p.Link, p.ID, "{{rollout}}"))
	}
	return all, err
}

// Lasts is how long a release plan can be run after it was made.
const Lasts = 7 * 24 * time.Hour

// Age says why a plan cannot be run at a time, or nothing.
func (d *Document) Age(now time.Time) string {
	made := d.Plan.At
	switch age := now.Sub(made); {
	case age > Lasts:
		return fmt.Sprintf("it was made on %s, and is not run after %d days", made.UTC().Format("2006-01-02 15:04 UTC"), int(Lasts.Hours()/24))
	case age < -time.Hour:
		return fmt.Sprintf("it was made on %s, which is still to come: one of the two clocks is wrong", made.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return ""
}

// Of names the rollout of the document.
func (d *Document) Of() string {
	return fmt.Sprintf("%s %s on %s", d.Plan.Service, d.Plan.Release.Version, d.Plan.Environment)
}
