package app

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
	"github.com/slipway-deploy/slipway/internal/standard"
)

// checkedProject is a project whose files keep the standard, and whose artifact does not.
func checkedProject(t *testing.T, artifact string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"slipway.yaml": "service: queue\ntype: worker\nrelease: {branch: master}\nartifact: {" + artifact + `}
health: {http: "http://:8080/"}
standard: {gate: errors}
environments:
  production:
    method: {ansible: {inventory: hosts.yaml}}
  fleet:
    method: {local: {directory: fleet}}
`,
		"RUNBOOK.md":                 "# Queue\n## Prerequisites\n- The broker is up.\n## Deploy\n    slipway deploy 1.4.0\n## Roll back\n    slipway rollback\n## Contacts\nThe queue team.\n",
		"root/DEBIAN/control":        "Package: queue\nVersion: 1.4.0\nArchitecture: all\nMaintainer: Q <q@example.com>\nDescription: queue\n",
		"root/DEBIAN/postinst":       "#!/bin/sh\nset -e\ncrontab -u queue /usr/share/queue/jobs\n",
		"root/etc/cron.d/queue":      "17 3 * * * queue /usr/bin/queue-prune\n",
		"root/etc/cron.daily/queue":  "#!/bin/sh\ntrue\n",
		"root/usr/share/queue/words": "nothing of it\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir string, words ...string) {
	t.Helper()
	if _, err := exec.LookPath(words[0]); err != nil {
		t.Skipf("%s is not installed", words[0])
	}
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
}

// inArtifact are the messages of cron.artifact.
func inArtifact(t *testing.T, dir, file string) []string {
	t.Helper()
	report, err := Check(t.Context(), CheckRequest{Dir: dir, File: "slipway.yaml", Artifact: file, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range report.Findings {
		if f.Rule == "cron.artifact" && f.File == file {
			all = append(all, f.Message)
		}
	}
	return all
}

// TestArtifactCron: what dpkg-deb built is looked into, maintainer scripts included; and
// its deploy is refused through the store, where the manifest wants that.
func TestArtifactCron(t *testing.T) {
	t.Parallel()
	dir := checkedProject(t, "deb: {build: 'true'}")
	run(t, dir, "dpkg-deb", "--build", "--root-owner-group", "root", "queue_1.4.0_all.deb")
	got := strings.Join(inArtifact(t, dir, "queue_1.4.0_all.deb"), "\n")
	want := "DEBIAN/postinst:3 in the artifact gives jobs to cron: crontab FILE\n" +
		"etc/cron.d/queue:1 in the artifact: cron starts queue-prune (17 3 * * *)\n" +
		"etc/cron.daily/queue in the artifact: cron runs this script daily"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	a := fresh(t)
	release, err := a.Build(t.Context(), BuildRequest{Dir: dir, File: "slipway.yaml", Import: []string{filepath.Join(dir, "queue_1.4.0_all.deb")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, refuses := range map[string]bool{"production": true, "fleet": false} {
		err := heldTo(t, a, dir, name, release)
		var refused *standard.Refused
		if errors.As(err, &refused) != refuses {
			t.Errorf("%s: %v", name, err)
		}
		if refuses && (len(refused.Findings) != 3 || refused.Findings[0].File != "queue_1.4.0_all.deb") {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "slipway.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "slipway.yaml"), []byte(strings.Replace(string(text), "gate: errors", "gate: none", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := heldTo(t, a, dir, "production", release); err != nil {
		t.Errorf("gate none: %v", err)
	}
}

func heldTo(t *testing.T, a *App, dir, name string, release rollout.Release) error {
	t.Helper()
	p, err := open(dir, "slipway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	env, err := p.Environment(name)
	if err != nil {
		t.Fatal(err)
	}
	return a.heldToStandard(t.Context(), p, env, release)
}

// TestArchiveCron: a tar.gz is looked into as well.
func TestArchiveCron(t *testing.T) {
	t.Parallel()
	dir := checkedProject(t, "tar.gz: {build: 'true'}")
	run(t, dir, "tar", "--owner=0", "--group=0", "-czf", "queue_1.4.0_all.tar.gz", "-C", "root", "etc", "usr")
	if got := inArtifact(t, dir, "queue_1.4.0_all.tar.gz"); len(got) != 2 {
		t.Errorf("found %q, want 2 places", got)
	}
	if _, err := Check(t.Context(), CheckRequest{Dir: dir, File: "slipway.yaml", Artifact: "none.tar.gz", Now: time.Now()}); err == nil {
		t.Error("an artifact that is not there passes")
	}
}
