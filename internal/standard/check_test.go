package standard

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/runbook"
)

var update = flag.Bool("update", false, "rewrite what the tests compare with")

// today is the day on which the projects of testdata are checked.
func today() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

// load reads a project of testdata.
func load(t testing.TB, dir string) Project {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, manifest.Name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(manifest.Name, data)
	if err != nil {
		t.Fatal(err)
	}
	p := Project{Files: os.DirFS(dir), Manifest: m, Now: today(), Contract: &Contract{}, Runbook: ReadRunbook(runbook.Name, nil, nil)}
	text, err := os.ReadFile(filepath.Join(dir, runbook.Name))
	if err != nil {
		return p
	}
	doc, err := runbook.Parse(runbook.Name, text)
	if err != nil {
		t.Fatal(err)
	}
	facts := runbook.Facts{Service: m.Service, Type: string(m.Type), Manifest: manifest.Name, Units: slices.Concat(m.Units, m.Timers)}
	p.Runbook = ReadRunbook(runbook.Name, doc, runbook.Lint(doc, facts))
	return p
}

// broken is the project that breaks every rule, in a commit that must not go out.
func broken(t testing.TB) Project {
	p := load(t, "testdata/broken")
	p.Releasing = true
	p.Git = &Git{Branch: "master", Commit: "1a2b3c4", Changed: []string{"scripts/install.sh", "x"}, Status: &Status{Why: "tests failed"}}
	p.Artifact = &Artifact{File: "dist/ledger.deb", Files: map[string][]byte{
		"DEBIAN/postinst": []byte("#!/bin/sh\nset -e\necho '@daily root /usr/bin/ledger-trim' > /etc/cron.d/ledger-trim\n"),
		"usr/bin/ledger":  []byte("#!/bin/sh\n# no cron here\n"),
	}}
	return p
}

// mended is the same project after the mends.
func mended(t testing.TB) Project {
	p := load(t, "testdata/mended")
	p.Releasing = true
	p.Git = &Git{Branch: "master", Commit: "5d6e7f8", OnBranch: true, Status: &Status{Green: true}}
	p.Contract = &Contract{Covers: []string{"migrations"}}
	p.Artifact = &Artifact{File: "dist/ledger.deb", Files: map[string][]byte{"DEBIAN/postinst": []byte("#!/bin/sh\nset -e\n#DEBHELPER#\n")}}
	return p
}

func check(t testing.TB, p Project) Report {
	t.Helper()
	r, err := Check(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// golden compares a text with a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at each changed line, then run with -update\ngot:\n%s", path, got)
	}
}

// TestEveryRule: the broken project breaks each rule once, at a place that is there; a
// project beside it lacks a runbook, which is the only rule that hides others.
func TestEveryRule(t *testing.T) {
	t.Parallel()
	hits := map[string]int{}
	report := check(t, broken(t))
	bare := check(t, load(t, "testdata/broken/report"))
	if len(bare.Findings) != 1 || bare.Findings[0].Rule != "runbook.present" {
		t.Errorf("the project without a runbook: %s", bare.Text())
	}
	for _, f := range slices.Concat(report.Findings, bare.Findings) {
		hits[f.Rule]++
		if rule, ok := Find(f.Rule); !ok || f.Message == "" || f.Mend == "" || f.Line < 1 || f.Column < 1 || f.Severity != rule.Severity && f.Rule != "health.present" {
			t.Errorf("finding %+v", f)
		}
		if f.File != "dist/ledger.deb" && f.Rule != "runbook.present" {
			text, err := fs.ReadFile(os.DirFS("testdata/broken"), f.File)
			if err != nil || strings.Count(string(text), "\n") < f.Line {
				t.Errorf("%s is no place in the project: %v", f.Place(), err)
			}
		}
	}
	for _, r := range Rules() {
		if hits[r.ID] != 1 {
			t.Errorf("%s is broken %d times, want once", r.ID, hits[r.ID])
		}
	}
	golden(t, "testdata/broken.txt", report.Text())
	if !report.Failed() || report.Err() == nil {
		t.Error("the broken project passes")
	}
}

// TestMended: after the mends that were named nothing is left, notes included; and the unit
// files in the mended project are those that the findings wrote out.
func TestMended(t *testing.T) {
	t.Parallel()
	for _, p := range []Project{mended(t), load(t, "testdata/mended/report")} {
		if r := check(t, p); len(r.Findings) > 0 || r.Err() != nil {
			t.Errorf("the mended project has findings:\n%s", r.Text())
		}
	}
	written := 0
	for _, f := range check(t, broken(t)).Findings {
		for _, u := range f.Units {
			written++
			path := filepath.Join("testdata/mended/systemd", u.Name)
			golden(t, path, u.Text)
		}
	}
	if written != 13 {
		t.Errorf("%d units were written out, want 13", written)
	}
}

// TestSeverities: what a rule is worth depends on the type of the service, and on whether
// a release is to be cut.
func TestSeverities(t *testing.T) {
	t.Parallel()
	p := broken(t)
	p.Releasing = false
	p.Manifest.Type = manifest.Listener
	for _, f := range check(t, p).Findings {
		rule, _ := Find(f.Rule)
		want := rule.Severity
		switch {
		case rule.Release:
			want = "nothing, as no release is cut"
		case strings.HasPrefix(f.Rule, "cron.") && f.Rule != "cron.timer-missing":
			want = Warning
		}
		if f.Severity != want {
			t.Errorf("%s is a %s, want %s", f.Rule, f.Severity, want)
		}
	}
}

// TestGate: errors of the rules about the deploy stop one, and no others.
func TestGate(t *testing.T) {
	t.Parallel()
	if err := Gate(check(t, mended(t)).Findings); err != nil {
		t.Error(err)
	}
	err := Gate(check(t, broken(t)).Findings)
	if err == nil {
		t.Fatal("the broken project may be deployed")
	}
	for _, r := range Rules() {
		stops := r.Deploy && r.Severity == Error && r.ID != "runbook.present" && r.ID != "health.present" // of a worker: a warning
		if got := strings.Contains(err.Error(), "("+r.ID+")"); got != stops {
			t.Errorf("%s stops a deploy: %v, want %v", r.ID, got, stops)
		}
	}
}

// TestWaive: a waiver counts until the end of its day, where it says.
func TestWaive(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		waiver manifest.Waiver
		waived bool
		says   string // of the waiver itself
	}{
		"long":              {manifest.Waiver{Rule: "cron.reboot", Until: day("2027-01-31")}, true, ""},
		"in 15 days":        {manifest.Waiver{Rule: "cron.reboot", Until: day("2026-12-13")}, true, ""},
		"in 14 days":        {manifest.Waiver{Rule: "cron.reboot", Until: day("2026-12-12")}, true, "waiver.until"},
		"its last day":      {manifest.Waiver{Rule: "cron.reboot", Until: day("2026-11-28")}, true, "waiver.until"},
		"over":              {manifest.Waiver{Rule: "cron.reboot", Until: day("2026-11-27")}, false, "waiver.until"},
		"the file":          {manifest.Waiver{Rule: "cron.reboot", Until: day("2027-01-31"), Where: "deploy/crontab"}, true, ""},
		"the directory":     {manifest.Waiver{Rule: "cron.reboot", Until: day("2027-01-31"), Where: "deploy/"}, true, ""},
		"a pattern":         {manifest.Waiver{Rule: "cron.reboot", Until: day("2027-01-31"), Where: "*/cron*"}, true, ""},
		"elsewhere":         {manifest.Waiver{Rule: "cron.reboot", Until: day("2027-01-31"), Where: "deplo"}, false, "waiver.idle"},
		"another rule":      {manifest.Waiver{Rule: "cron.artifact", Until: day("2027-01-31")}, false, ""},
		"no rule":           {manifest.Waiver{Rule: "reboot", Until: day("2027-01-31")}, false, "waiver.rule"},
		"the waiver's rule": {manifest.Waiver{Rule: "waiver.idle", Until: day("2027-01-31")}, false, "waiver.rule"},
	} {
		p := broken(t)
		c.waiver.Reason = "because"
		p.Manifest.Standard.Waive = []manifest.Waiver{c.waiver}
		says := ""
		for _, f := range check(t, p).Findings {
			if strings.HasPrefix(f.Rule, "waiver.") {
				says += f.Rule
			}
			if f.Rule == "cron.reboot" && !f.Counts() != c.waived {
				t.Errorf("%s: waived %v, want %v", name, !f.Counts(), c.waived)
			}
		}
		if says != c.says {
			t.Errorf("%s: the waiver's own finding is %q, want %q", name, says, c.says)
		}
	}
}

// TestChoose: what decides about the method.
func TestChoose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		traits Traits
		want   string
	}{
		"drains":                {Traits{Balanced: true}, Ansible},
		"drains, Puppet code":   {Traits{Balanced: true, Resource: "init.pp:2"}, Ansible},
		"an order":              {Traits{Ordered: true, Resource: "init.pp:2"}, Ansible},
		"single hosts":          {Traits{Resource: "init.pp:2"}, Puppet},
		"nothing speaks for it": {Traits{}, ""},
	} {
		if got, why := Choose(c.traits); got != c.want || len(why) == 0 {
			t.Errorf("%s: %q because %q, want %q", name, got, why, c.want)
		}
	}
}

// TestSecretsAreNotShown: no form of the report holds what was found to be a secret.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	r := check(t, broken(t))
	sarif, err := r.SARIF("1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if all := r.Text() + string(sarif); strings.Contains(all, "correct-horse") || !strings.Contains(all, "secrets.literal") {
		t.Error("the secret is shown")
	}
}

// TestDocs: docs/standard.md is made from the rules.
func TestDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/standard.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "-update`. -->\n"
	head, _, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no line that ends in %q", path, mark)
	}
	golden(t, path, head+mark+"\n"+Markdown())
}

// waiverOf waives a rule for long.
func waiverOf(rule string) manifest.Waiver {
	return manifest.Waiver{Rule: rule, Reason: "because", Until: today().AddDate(1, 0, 0)}
}
