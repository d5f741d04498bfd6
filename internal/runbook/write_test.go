package runbook_test

import (
	"path/filepath"
	"testing"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// TestWrite: what is written passes the linter, and is a page like that of the golden file.
func TestWrite(t *testing.T) {
	t.Parallel()
	listener := facts()
	listener.Link = "https://slipway.example.com/r/{{rollout}}"
	listener.Contacts = []runbook.Contact{{Name: "Payments", Role: "owners", How: "#payments"}, {Name: "On call", How: "+44 20 7946 0000"}}
	worker := facts()
	worker.Type, worker.Health, worker.Units = "worker", nil, []string{"checkout-worker@1.service", "checkout-worker@2.service"}
	worker.Environments = []runbook.Environment{{Name: "here", Stages: []string{"complete"}}}
	batch := facts()
	batch.Type, batch.Units = "batch", []string{"report.service", "report.timer"}
	for name, f := range map[string]runbook.Facts{"listener": listener, "worker": worker, "batch": batch} {
		text := runbook.Write(f)
		golden(t, filepath.Join("testdata", "write", name+".md"), string(text))
		doc := read(t, string(text))
		for _, finding := range runbook.Lint(doc, f) {
			t.Errorf("%s: %s", name, finding)
		}
		for _, r := range runbook.Roles() {
			if len(doc.Steps(r)) == 0 {
				t.Errorf("%s: no %s", name, r)
			}
		}
	}
}
