package runbook_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// TestRoles: the words that people use for the parts of a runbook.
func TestRoles(t *testing.T) {
	t.Parallel()
	for role, titles := range map[string][]string{
		"prerequisites": {"Prerequisites", "PRE-REQUISITES", "Prereqs", "1. Prerequisites", "Before you begin", "Before You Start", "Requirements",
			"Required access", "What you need", "What you'll need", "You will need", "Preconditions", "Pre-flight checks", "Preflight", "Pre-deployment checklist",
			"Before deploying", "Before a release", "✅ Prerequisites", "Step 0: Prerequisites", "Prerequisites for deploy and rollback", "Release checklist", "Go/No-Go", "A. Requirements:",
			"Prerequisites (read first!)", "Setup", "Preparation", "Access"},
		"deploy": {"Deploy", "Deploying", "Deployment", "Deployments", "How to deploy", "How to release", "Releasing a new version", "Release process", "2.1 Release procedure",
			"Rolling out", "Roll-out", "Rollout", "Going live", "Ship it", "🚀 Shipping", "Push to production", "Promotion", "Publishing", "Deploying to production (EU)", "Cut-over",
			"Installation", "Upgrading", "Procedure", "Steps"},
		"rollback": {"Rollback", "Roll back", "Roll-back", "Rolling back", "How to roll back", "Reverting", "Revert a release", "Back-out plan", "Backing out", "Undo", "Undoing a deploy",
			"Downgrade", "Downgrading", "Rollback requirements", "Before you roll back", "Rollback procedure", "IV. Rollback", "Recovery", "Recovering from a bad release", "If something goes wrong",
			"If it goes wrong", "When a deploy fails", "What if the deploy fails?", "Failed deployments", "Going back to the previous version", "Emergency procedure", "Restore the previous version", "Contingency"},
		"deploy+rollback": {"Deploy and rollback", "Deployment & Rollback", "Deploy / Rollback"},
		"-": {"Release notes", "Deployment history", "Deployment architecture", "Overview", "Alerts", "Troubleshooting deployments", "Post-deployment checks", "After the deploy",
			"Verifying a deployment", "Contacts", "Release schedule", "Deployment environments", "Local development", "Monitoring", "Changelog", "FAQ", "Why we deploy", "", "1.", "—"},
	} {
		for _, title := range titles {
			if got := roleOf(t, "## "+title); got != role {
				t.Errorf("%q: %s, want %s", title, got, role)
			}
		}
	}
}

func roleOf(t *testing.T, heading string) string {
	t.Helper()
	doc, err := runbook.Parse("x", []byte("# Service\n\n"+heading+"\n\ntext\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := doc.Sections[len(doc.Sections)-1]
	if len(s.Roles) == 0 {
		return "-"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Roles), "[]"), " ", "+")
}

// TestRoleTree: what a section is for depends on those around it.
func TestRoleTree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"the surer heading has the role": {"# A\n## Installation\nx\n## Deploy\nx", "Deploy: deploy"},
		"one for both, and one alone":    {"# A\n## Deploy and rollback\nx\n### Rollback\nx", "Deploy and rollback: deploy\nRollback: rollback"},
		"the title is not the section":   {"# Deployment runbook\n## Deploying\nx", "Deploying: deploy"},
		"the title is all there is":      {"# How to deploy\nx", "How to deploy: deploy"},
		"prerequisites of the way back":  {"# A\n## Rollback\n### Prerequisites\nx", "Rollback: rollback"},
		"prerequisites of the deploy":    {"# A\n## Deploy\n### Prerequisites\nx\n### Steps\nx", "Deploy: deploy\nPrerequisites: prerequisites"},
	} {
		doc, err := runbook.Parse("x", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, s := range doc.Sections {
			if len(s.Roles) > 0 {
				out = append(out, fmt.Sprintf("%s: %s", s.Title, strings.Trim(fmt.Sprint(s.Roles), "[]")))
			}
		}
		if got := strings.Join(out, "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
