package ansible

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// ownPlaybook is a project's own: it puts the version by itself, without Python on the
// hosts, and does what the tests want on hosts with certain names.
const ownPlaybook = `
- hosts: all:!unplayed
  gather_facts: false
  tasks:
    - name: say what it was told
      raw: >-
        printf '%s\n' "{{ slipway_verb }} {{ slipway_service }} {{ slipway_version }} {{ slipway_previous_version }}
        {{ slipway_rollout }} {{ slipway_environment }} {{ slipway_digest }} {{ slipway_artifact }} {{ colour }} {{ beside }}" >> {{ slipway_directory }}/told
    - name: a failure that is rescued
      block:
        - raw: "false"
      rescue:
        - raw: "true"
    - name: a failure that is ignored
      raw: "false"
      ignore_errors: true
    - name: migrate the database
      raw: "echo the disk is full >&2; exit 3"
      when: inventory_hostname == 'broken'
    - name: put the version
      raw: printf '%s' {{ slipway_version }} > {{ slipway_directory }}/version
      when: inventory_hostname != 'unchanged'
`

func (f *fleet) own(t testing.TB, job engine.Job, variables map[string]string) {
	t.Helper()
	must(t, os.MkdirAll(f.path("project/group_vars"), 0o755))
	must(t, os.WriteFile(f.path("project/site.yml"), []byte(ownPlaybook), 0o600))
	must(t, os.WriteFile(f.path("project/group_vars/all.yml"), []byte("beside: group_vars\n"), 0o600))
	job.Plan.Method.Ansible.Playbook = f.path("project/site.yml")
	job.Plan.Method.Ansible.Variables = map[string]string{"colour": "blue"}
	for k, v := range variables {
		job.Plan.Method.Ansible.Variables[k] = v
	}
}

func TestOwnPlaybook(t *testing.T) {
	t.Parallel()
	names := []string{"good", "broken", "unchanged", "unplayed", "gone", "refuses"}
	f := newFleet(t, names...)
	for _, h := range f.hosts {
		must(t, h.write("version", "1.0.0"))
	}
	f.hosts["gone"].cut(t)
	must(t, f.hosts["refuses"].write("code-capture", "refused"))
	job, store := f.job(t, names...)
	f.own(t, job, nil)
	r := f.runner(t, store)
	got, err := run(t, within(t, 2*time.Minute), r, job)
	must(t, err)
	for host, want := range map[string]engine.Report{
		"good":      {Outcome: rollout.OK, Begun: true, Digest: "sha256:before", Version: "1.1.0"},
		"broken":    {Outcome: rollout.Failed, Begun: true, Reason: `task "migrate the database": non-zero return code: `},
		"unchanged": {Outcome: rollout.Unhealthy, Begun: true, Reason: "it runs 1.0.0", Digest: "sha256:before", Version: "1.0.0"},
		"unplayed":  {Outcome: rollout.Failed, Reason: "no play for this host"},
		"gone":      {Outcome: rollout.Unreachable, Reason: "ssh: connect to host"},
		"refuses":   {Outcome: rollout.Failed, Reason: "as the test wants it"},
	} {
		g, ok := got[host]
		if !ok || g.Outcome != want.Outcome || g.Begun != want.Begun || !strings.Contains(g.Reason, want.Reason) || g.Digest != want.Digest || g.Version != want.Version {
			t.Errorf("%s: got %+v, want %+v", host, g, want)
		}
	}
	a := job.Plan.Release.Artifacts[0]
	told := fmt.Sprintf("update checkout 1.1.0 1.0.0 01J production %s %s blue group_vars", a.Digest, store[a.Digest])
	if s := f.hosts["good"].read("told"); s != told {
		t.Errorf("the playbook was told\n%q, want\n%q", s, told)
	}

	// A run that was cut off goes on: the host that is done is adopted, and not played again.
	job.Command.Hosts = []string{"good", "unchanged"}
	got, err = run(t, within(t, 2*time.Minute), r, job)
	must(t, err)
	if g := got["good"]; g.Outcome != rollout.OK || !g.Adopted || !g.Begun || g.Digest != "sha256:before" {
		t.Errorf("good, again: got %+v", g)
	}
	for host, times := range map[string]int{"good": 1, "unchanged": 2} {
		if n := len(strings.Split(f.hosts[host].read("told"), "\n")); n != times {
			t.Errorf("%s was played %d times, want %d", host, n, times)
		}
	}
}

func TestOwnPlaybookRestores(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "h1", "h2")
	must(t, f.hosts["h2"].write("version", "1.1.0"))
	job, store := f.job(t, "h1", "h2")
	job.Command = rollout.Command{ID: 7, Kind: rollout.Restore, Hosts: []string{"h1", "h2"}}
	f.own(t, job, map[string]string{restoreOption: byPlaybook})
	r := f.runner(t, store)
	got, err := run(t, within(t, 2*time.Minute), r, job)
	must(t, err)
	for _, h := range job.Command.Hosts {
		if g := got[h]; g.Outcome != rollout.OK || !g.Equal || g.Version != "1.0.0" {
			t.Errorf("%s: got %+v", h, g)
		}
		if s := f.hosts[h].read("told"); !strings.HasPrefix(s, "restore checkout 1.0.0 1.0.0") {
			t.Errorf("%s: the playbook was told %q", h, s)
		}
	}

	// A playbook that cannot run keeps no host from being restored.
	must(t, os.WriteFile(f.path("project/site.yml"), []byte("- hosts: all\n  nonsense: true\n"), 0o600))
	job.Command.ID = 8
	got, err = run(t, within(t, 2*time.Minute), r, job)
	must(t, err)
	if g := got["h1"]; g.Outcome != rollout.OK || !g.Equal {
		t.Errorf("with a broken playbook: got %+v", g)
	}
	job.Command = rollout.Command{ID: 9, Kind: rollout.Update, Hosts: []string{"h1", "h2"}}
	if got, err := run(t, within(t, 2*time.Minute), r, job); err == nil || !strings.Contains(err.Error(), "nonsense") || len(got) > 0 {
		t.Errorf("an update by a broken playbook: got %v and %v, want Ansible's own words", got, err)
	}
}

func TestOwnPlaybookThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		playbook  string
		variables map[string]string
		version   string
		want      string
	}{
		"a variable of ours":      {variables: map[string]string{"slipway_version": "9"}, want: "slipway_version"},
		"an unknown way":          {variables: map[string]string{restoreOption: "magic"}, want: "helper or playbook"},
		"a template as a version": {version: "{{ lookup('file', '/etc/passwd') }}", want: "take it for a template"},
		"a path with a space":     {playbook: "/a b/site.yml", want: "rename it"},
	} {
		job := engine.Job{Plan: &rollout.Plan{ID: "1", Service: "s", Release: rollout.Release{Version: c.version}, Hosts: []rollout.Host{{Name: "h"}}}}
		o := own{r: &Runner{}, job: job, w: where{Ansible: rollout.Ansible{Variables: c.variables}}}
		_, err := o.variables(t.Context(), "update", []string{"h"})
		if c.playbook != "" {
			_, err = importing(c.playbook)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
