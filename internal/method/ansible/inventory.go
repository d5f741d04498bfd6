package ansible

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

var errList = errors.New("what ansible --list-hosts printed")

// Inventory returns what ansible-inventory --list prints for the inventory: JSON.
func (r *Runner) Inventory(ctx context.Context) ([]byte, error) {
	w := r.where()
	out, err := r.ask(ctx, w, "ansible-inventory", "-i", w.Inventory, "--list")
	if err != nil {
		return nil, err
	}
	if !json.Valid(out) {
		return nil, fmt.Errorf("%w: ansible-inventory printed no JSON for %s", ErrAnsible, w.Inventory)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inventory = out
	return out, nil
}

// Hosts returns the hosts that Ansible itself finds for a pattern, in its order. A
// pattern that matches nothing gives none, and no error. A group of the inventory that
// was read before needs no second look: starting Ansible is what takes long.
func (r *Runner) Hosts(ctx context.Context, pattern string) ([]string, error) {
	if pattern == "" || strings.HasPrefix(pattern, "-") || strings.HasPrefix(pattern, "@") {
		return nil, fmt.Errorf("hosts: the pattern is %q, and must be one of Ansible's, such as a group or a host", pattern)
	}
	if hosts, ok := r.known(pattern); ok {
		return hosts, nil
	}
	w := r.where()
	out, err := r.ask(ctx, w, "ansible", pattern, "-i", w.Inventory, "--list-hosts")
	if err != nil {
		return nil, err
	}
	hosts, err := listed(out)
	if err != nil {
		return nil, fmt.Errorf("hosts for %q: %w", pattern, err)
	}
	return hosts, nil
}

// known returns the hosts of a group, if the inventory was read and has one of exactly
// this name; such a pattern means that group and nothing else.
func (r *Runner) known(group string) (hosts []string, ok bool) {
	r.mu.Lock()
	out := r.inventory
	r.mu.Unlock()
	if strings.ContainsFunc(group, func(c rune) bool { return c != '_' && c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		return nil, false
	}
	var groups map[string]struct{ Hosts, Children []string }
	if out == nil || json.Unmarshal(out, &groups) != nil {
		return nil, false
	}
	if _, ok := groups[group]; !ok || group == "_meta" {
		return nil, false
	}
	seen := map[string]bool{}
	for todo := []string{group}; len(todo) > 0; todo = todo[1:] {
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		hosts = append(hosts, groups[todo[0]].Hosts...)
		todo = append(todo, groups[todo[0]].Children...)
	}
	return unique(hosts), true
}

// unique keeps the first of equal names.
func unique(names []string) []string {
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(names, func(n string) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// ask runs a program that only reads the inventory, and returns what it printed.
func (r *Runner) ask(ctx context.Context, w where, name string, args ...string) ([]byte, error) {
	if err := check(w.project, w.Ansible); err != nil {
		return nil, err
	}
	e, err := process{name: name, args: args, dir: w.project, env: r.environ(w, true)}.run(ctx)
	if err != nil {
		return nil, err
	}
	if e.code != 0 {
		return nil, broken(name, e, "correct the inventory "+w.Inventory)
	}
	return e.stdout, nil
}

// listed reads "  hosts (2):" and the names below it.
func listed(out []byte) ([]string, error) {
	var hosts []string
	lines, count := bufio.NewScanner(bytes.NewReader(out)), -1
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
		case count < 0:
			if _, err := fmt.Sscanf(line, "hosts (%d):", &count); err != nil || count < 0 {
				count = -1 // a line before the list
			}
		default:
			hosts = append(hosts, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errList, err)
	}
	if count != len(hosts) {
		return nil, fmt.Errorf("%w: it announced %d hosts and named %d", errList, count, len(hosts))
	}
	return hosts, nil
}
