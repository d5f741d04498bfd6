package matrix

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Snapshot is what a host is like: a text for each item. What is not there has none.
type Snapshot map[string]string

// Difference is one item that is not the same in two snapshots.
type Difference struct{ Item, Before, After string }

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s -> %s", d.Item, cmp.Or(d.Before, "none"), cmp.Or(d.After, "none"))
}

// Look is where a snapshot looks besides /etc and the packages of the whole host.
type Look struct {
	Service string
	Units   []string // in a fixed order
	Port    int      // where the service says which version runs; 0: nobody can be asked
}

// trees are the directories whose every file is compared.
func (l Look) trees() []string {
	return []string{"etc", "opt/" + l.Service, "usr/share/" + l.Service, "usr/lib/" + l.Service, "usr/lib/systemd/system"}
}

// Snapshot takes one of a host.
func (h *Host) Snapshot(ctx context.Context, l Look) (Snapshot, error) {
	s := Snapshot{}
	for _, tree := range l.trees() {
		if err := s.addTree(h.Root, tree); err != nil {
			return nil, fmt.Errorf("look at %s of %s: %w", tree, h.Name, err)
		}
	}
	out, err := h.Run(ctx, "sh", append([]string{"-c", systemView, "sh"}, l.Units...)...)
	if err != nil {
		return nil, err
	}
	if err := s.addSystem(string(out)); err != nil {
		return nil, fmt.Errorf("look at %s: %w", h.Name, err)
	}
	if err := s.addMarks(filepath.Join(h.Root, "var/lib/apt/extended_states")); err != nil {
		return nil, err
	}
	if l.Port != 0 {
		s.set("process "+l.Service+" version", h.serves(ctx, l.Port))
	}
	return s, nil
}

func (s Snapshot) set(item, value string) {
	if value != "" {
		s[item] = value
	}
}

// Compare returns every item that is not the same, what weighs most first. Of a directory that came or
// went, only itself is named and not what is in it.
func Compare(before, after Snapshot) []Difference {
	keys := slices.Sorted(maps.Keys(before))
	keys = slices.AppendSeq(keys, maps.Keys(after))
	slices.Sort(keys)
	var all []Difference
	var moved []string
	below := func(item string) bool {
		return slices.ContainsFunc(moved, func(dir string) bool { return strings.HasPrefix(item, dir+"/") })
	}
	for _, item := range slices.Compact(keys) {
		b, a := before[item], after[item]
		if b == a || below(item) {
			continue
		}
		if strings.HasPrefix(item, "file ") && (b == "" || a == "") {
			moved = append(moved, item)
		}
		if strings.HasPrefix(item, "environment ") && (b == "" || a == "") {
			continue // that a process is not there is an item of its own
		}
		all = append(all, Difference{item, b, a})
	}
	slices.SortStableFunc(all, func(a, b Difference) int { return a.rank() - b.rank() })
	return all
}

// rank puts what weighs most first: what runs, then packages and units, then files.
func (d Difference) rank() int {
	for i, kind := range []string{"process ", "package ", "unit ", "environment ", "file "} {
		if strings.HasPrefix(d.Item, kind) {
			return i
		}
	}
	return 0
}

// serves asks a service which version of it runs; "" when none answers.
func (h *Host) serves(ctx context.Context, port int) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/_status", h.Address, port), nil)
	if err != nil {
		return err.Error()
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return "" // nothing listens, and that is what is compared
	}
	defer answer.Body.Close()
	var status struct{ Version string }
	if err := json.NewDecoder(answer.Body).Decode(&status); err != nil {
		return "unreadable"
	}
	return status.Version
}
