package standard

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// said are the findings of one rule in a project of some files: the severity and place of each.
func said(t *testing.T, rule, text string, files map[string]string) string {
	t.Helper()
	m, err := manifest.Parse(manifest.Name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	for name, data := range files {
		tree[name] = &fstest.MapFile{Data: []byte(data), Mode: 0o644}
	}
	var all []string
	for _, f := range check(t, Project{Files: tree, Manifest: m, Now: today()}).Findings {
		if f.Rule == rule {
			all = append(all, string(f.Severity)+" "+f.Place())
		}
	}
	return strings.Join(all, ", ")
}

func project(kind, more string) string {
	return "service: app\ntype: " + kind + "\nartifact: {deb: {}}\n" + more + "environments:\n  production:\n    method: {ansible: {inventory: x}}\n"
}

func TestHealth(t *testing.T) {
	t.Parallel()
	checks := "    stages:\n      - internal: {checks: [{command: [/bin/true]}]}\n      - complete:\n"
	for name, c := range map[string]struct{ text, want string }{
		"listener":             {project("listener", ""), "error slipway.yaml:2:7"},
		"listener with checks": {project("listener", "") + checks, "error slipway.yaml:2:7"},
		"worker":               {project("worker", ""), "warning slipway.yaml:2:7"},
		"worker with checks":   {project("worker", "") + checks, ""},
		"batch":                {project("batch", ""), ""},
		"without the version":  {project("listener", "health: {http: \"http://:80/\"}\n"), "note slipway.yaml:4:9"},
		"with the version":     {project("listener", "health: {http: \"http://:80/\", expect: {v: \"x-{{version}}\"}}\n"), ""},
	} {
		if got := said(t, "health.present", c.text, nil); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestUnits: how unit files go by their names, and what starts a service.
func TestUnits(t *testing.T) {
	t.Parallel()
	const daemon = "[Service]\nExecStart=/x\nRestart=always\n"
	const enabled = daemon + "[Install]\nWantedBy=multi-user.target\n"
	const job = "[Service]\nType=oneshot\nExecStart=/x\n"
	const clock = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n"
	for name, c := range map[string]struct {
		rule, more string
		files      map[string]string
		want       string
	}{
		"debhelper":            {"units.exist", "", map[string]string{"debian/service": enabled}, ""},
		"debhelper, package":   {"units.exist", "", map[string]string{"debian/app.service": enabled}, ""},
		"debhelper, two":       {"units.exist", "units: [relay.service]\n", map[string]string{"debian/app.relay.service": enabled}, ""},
		"a template":           {"units.exist", "", map[string]string{"roles/app/templates/app.service.j2": enabled}, ""},
		"an instance":          {"units.exist", "units: [\"app@1.service\"]\n", map[string]string{"app@.service": enabled}, ""},
		"another":              {"units.exist", "", map[string]string{"other.service": enabled}, "warning slipway.yaml:1"},
		"no units at all":      {"units.exist", "", nil, ""},
		"not enabled":          {"units.boot", "", map[string]string{"app.service": daemon}, "warning app.service:1"},
		"by a socket":          {"units.boot", "", map[string]string{"app.service": daemon, "app.socket": ""}, ""},
		"by a timer":           {"units.boot", "", map[string]string{"app.service": daemon, "app.timer": clock}, ""},
		"an instance's":        {"units.boot", "", map[string]string{"app@.service": daemon}, ""},
		"a timer, not enabled": {"units.boot", "", map[string]string{"app.timer": "[Timer]\n"}, "warning app.timer:1"},
		"no restart":           {"units.restart", "", map[string]string{"app.service": "[Unit]\n[Service]\nExecStart=/x\n"}, "warning app.service:2"},
		"Restart=no":           {"units.restart", "", map[string]string{"app.service": "[Service]\nExecStart=/x\nRestart=no\n"}, "warning app.service:3"},
		"a drop-in":            {"units.restart", "", map[string]string{"app.service": "[Service]\nNice=5\n"}, ""},
		"a job":                {"cron.timer-missing", "", map[string]string{"app.service": job}, "warning app.service:2"},
		"a job with a timer":   {"cron.timer-missing", "", map[string]string{"a/app.service": job, "b/app.timer": clock}, ""},
		"Unit= of a timer":     {"cron.timer-missing", "", map[string]string{"app.service": job, "x.timer": "[Timer]\nUnit=app.service\n"}, ""},
		"timers of the file":   {"cron.timer-missing", "timers: [app.timer]\n", map[string]string{"app.service": job}, ""},
	} {
		if got := said(t, c.rule, project("worker", c.more), c.files); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestSecretShapes: each shape is found, and what only looks like one is not. The examples
// are put together here, so that no file of this project holds one.
func TestSecretShapes(t *testing.T) {
	t.Parallel()
	tail := strings.Repeat("aB3", 12)
	for text, found := range map[string]bool{
		"-----BEGIN RSA " + "PRIVATE KEY-----": true,
		"-----BEGIN " + "PRIVATE KEY-----":     true,
		"-----BEGIN PUBLIC KEY-----":           false,
		"id: AKIA" + strings.Repeat("Q7", 8):   true,
		"AKIA is how they begin":               false,
		"ghp_" + tail:                          true,
		"glpat-" + tail[:20]:                   true,
		"xoxb-" + tail:                         true,
		"https://hooks.slack.com/" + "services/T0000000/B0000000/" + tail: true,
		"https://hooks.slack.com/services/T.../B.../...":                  false,
		"sk_live_" + tail:                        true,
		"ansible_become_pass" + "=hunter2":       true,
		"ansible_password" + ": \"{{ vault }}\"": false,
		"ansible_password" + ": !vault |":        false,
		"password = os.Getenv(\"PASSWORD\")":     false,
	} {
		got := said(t, "secrets.literal", project("worker", ""), map[string]string{"ops/file": "one\n" + text + "\n", "tests/file": text, "x_test.go": text})
		if (got != "") != found || found && !strings.HasPrefix(got, "error ops/file:2") || strings.Contains(got, ",") {
			t.Errorf("%s: %q, want found %v once", text, got, found)
		}
	}
}

// TestNoFalseAlarm: what only speaks of cron is no job.
func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		".github/workflows/ci.yaml": "on:\n  schedule:\n    - cron: '0 3 * * *'\n",
		"k8s/job.yaml":              "kind: CronJob\nspec:\n  schedule: '0 3 * * *'\n",
		"README.md":                 "    17 3 * * * root /usr/bin/x\n",
		"docs/crontab.txt":          "A crontab has five fields.\n",
		"src/cron.go":               "package cron\n// * * * * * x\n",
		"lib/expr.cron":             "not a job\n",
		"debian/postrm":             "#!/bin/sh\nrm -f /etc/cron.d/app\ncrontab -u app -r || true\n",
		"node_modules/x/crontab":    "* * * * * x\n",
		"testdata/crontab":          "* * * * * x\n",
		"debian/cron.allow":         "app\n",
		"big/crontab":               strings.Repeat("* * * * * x\n", 100_000),
		"binary.cron":               "* * * * * x\n\x00",
	}
	for _, r := range cronRules() {
		if got := said(t, r.ID, project("worker", ""), files); got != "" {
			t.Errorf("%s: %s", r.ID, got)
		}
	}
}

// TestEnvironment: for a deploy to one environment the stages of the others do not count.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	m, err := manifest.Parse(manifest.Name, []byte(project("batch", "")+"    stages: [{complete: }]\n  staging:\n    method: {ansible: {inventory: x}}\n    stages: [{complete: }]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"": true, "production": true, "staging": false} {
		err := Gate(check(t, Project{Files: fstest.MapFS{}, Manifest: m, Now: today(), Runbook: Runbook{Present: true, Has: []string{"prerequisites", "deploy", "rollback"}}, Environment: name}).Findings)
		if (err != nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
}
