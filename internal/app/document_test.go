package app

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/manifest"
	"github.com/slipway-deploy/slipway/internal/plan"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestApprovedTooLate: a release plan is refused when it is old, or of a time to come,
// before any host is asked.
func TestApprovedTooLate(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	d := plan.Document{Plan: &rollout.Plan{
		ID: "01JDX5Z0K3T9V2M8Q4W7R6Y1AB", Service: "checkout", Environment: "production", Project: "/nowhere", At: made,
		Release: rollout.Release{Version: "1.1.0"}, Hosts: []rollout.Host{{Name: "web1"}}, Stages: []rollout.Stage{{Name: "complete", Kind: rollout.StageComplete}},
	}}
	var file bytes.Buffer
	if err := d.JSON(&file); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]string{
		8 * 24 * time.Hour: "it was made on 2026-11-28 14:00 UTC, and is not run after 7 days",
		-24 * time.Hour:    "one of the two clocks is wrong",
		time.Hour:          "the release plan is of the project in /nowhere",
	} {
		a, err := New(t.Context(), Config{State: t.TempDir(), Now: func() time.Time { return made.Add(after) }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Approved(t.Context(), t.TempDir(), file.Bytes())
		var refused *Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("after %s: %v", after, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCommitLink(t *testing.T) {
	t.Parallel()
	f := func(address string) *manifest.Forge {
		return &manifest.Forge{Repository: "shop/checkout", Address: address}
	}
	for want, s := range map[string]*manifest.Statuses{
		"": nil,
		"https://github.com/shop/checkout/commit/{{commit}}":          {GitHub: f("")},
		"https://git.example.com/shop/checkout/commit/{{commit}}":     {GitHub: f("https://git.example.com/api/v3/")},
		"https://gitlab.com/shop/checkout/-/commit/{{commit}}":        {GitLab: f("")},
		"http://git.example.com:3000/shop/checkout/commit/{{commit}}": {Gitea: f("http://git.example.com:3000/")},
	} {
		if got := commitLink(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := commitLink(&manifest.Statuses{GitHub: f("https://api.github.com")}); got != "https://github.com/shop/checkout/commit/{{commit}}" {
		t.Errorf("%q", got)
	}
	if got := commitLink(&manifest.Statuses{File: "ci.json"}); got != "" {
		t.Errorf("%q", got)
	}
}

// TestDigestOf: a directory has the digest of what is in it, and of the names.
func TestDigestOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := map[string]bool{}
	digest := func() string {
		t.Helper()
		sum, err := digestOf(dir)
		if err != nil || sum == "" {
			t.Fatal(sum, err)
		}
		return sum
	}
	seen[digest()] = true
	for _, w := range [][2]string{{"a", "1"}, {"a", "2"}, {"b", "2"}} {
		if err := replaceFile(filepath.Join(dir, w[0]), []byte(w[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		if seen[digest()] {
			t.Errorf("%v changes nothing", w)
		}
		seen[digest()] = true
	}
	if sum, err := digestOf(filepath.Join(dir, "none")); sum != "" || err != nil {
		t.Errorf("%q %v", sum, err)
	}
}

// TestGatesOfDocument: what was waived is in the release plan, while it lasts.
func TestGatesOfDocument(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	m := prepared{plan: &rollout.Plan{At: at}, env: &manifest.Environment{}, released: &plan.Result{Name: "released", Answer: plan.Met}}
	m.project.Manifest = &manifest.Manifest{Standard: manifest.Standard{Gate: manifest.GateErrors, Waive: []manifest.Waiver{
		{Rule: "cron.crontab", Reason: "soon", Until: at.Truncate(24 * time.Hour)}, {Rule: "health.present", Reason: "past", Until: at.AddDate(0, 0, -2)},
	}}}
	var got []string
	for _, r := range m.gates() {
		got = append(got, r.Name+" "+string(r.Answer))
	}
	if strings.Join(got, ", ") != "released met, the deployment standard met, rule cron.crontab waived" {
		t.Errorf("%v", got)
	}
	m.env.Method.Local = &manifest.Local{}
	if got := m.gates(); len(got) != 1 {
		t.Errorf("on a fleet of this machine: %v", got)
	}
}
