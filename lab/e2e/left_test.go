//go:build lab

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-deploy/slipway/lab"
)

// TestLeft presses Ctrl-C twice while a host is at work through Ansible: slipway leaves
// at once and takes Ansible with it, the host goes on by itself, and the next one to
// resume finds what came of it and starts nothing twice.
func TestLeft(t *testing.T) {
	l := up(t, lab.Config{Name: "left", Hosts: 2})
	p := slipway(t, l.Info().Project)
	p.keep(t, l.Info(), "1.0.0", "1.4.0")
	p.first(t, l.Info(), "1.0.0")
	r := p.start(t, "deploy", "1.4.0", "--yes") // starts, and is never healthy: the host is at work until health is given up
	at := startedOnce(t, l, "1.4.0")
	check(t, r.cmd.Process.Signal(syscall.SIGINT))
	r.until(t, "the pause", func(l line) bool { return l.Phase == "paused" })
	if len(playbooks(t, l.Info().Inventory)) == 0 {
		t.Error("Ansible was to be at work")
	}
	check(t, r.cmd.Process.Signal(syscall.SIGINT))
	o := r.end(t)
	sum := o.summary(t)
	if o.code != 130 || sum.Phase != "paused" || sum.host(at).Outcome != "" {
		t.Fatalf("it was to leave, with nothing known of %s: %s", at, o)
	}
	if left := playbooks(t, l.Info().Inventory); len(left) > 0 {
		t.Errorf("Ansible is left: %q", left)
	}
	o = p.must(t, 1, "resume", "--output", "json")
	if sum := o.summary(t); sum.Phase != "restored" || sum.host(at).Outcome != "unhealthy" {
		t.Errorf("it was to find %s unhealthy, and to restore it: %s", at, o)
	}
	if n := len(strings.Fields(on(t, l, at, "sh", "-c", startsOf("1.4.0")))); n != 1 {
		t.Errorf("1.4.0 was started %d times on %s", n, at)
	}
	runs(t, l, "1.0.0")
}

// startsOf is a command that prints a word for every start of a version.
func startsOf(version string) string {
	return "journalctl -u checkout -o cat --no-pager | grep -c 'checkout " + version + ".* listens on ' | xargs seq"
}

// startedOnce waits until a host has started a version, and returns its name.
func startedOnce(t *testing.T, l *lab.Lab, version string) (host string) {
	t.Helper()
	eventually(t, "a start of "+version, func() error {
		for _, h := range l.Info().Hosts {
			if on(t, l, h.Name, "sh", "-c", startsOf(version)) != "" {
				host = h.Name
				return nil
			}
		}
		return errors.New("no host has it")
	})
	return host
}

// playbooks are Ansible's processes that work with an inventory.
func playbooks(t *testing.T, inventory string) (all []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	check(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if line := strings.ReplaceAll(string(text), "\x00", " "); err == nil && strings.Contains(line, "ansible-playbook") && strings.Contains(line, inventory) {
			all = append(all, line)
		}
	}
	return all
}
