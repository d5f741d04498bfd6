package standard

import (
	"regexp"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// ReadRunbook makes the facts of a runbook that was read, and of what was found in it. nil
// is a runbook that is not there.
func ReadRunbook(file string, doc *runbook.Document, findings []runbook.Finding) Runbook {
	r := Runbook{File: file}
	if doc == nil {
		return r
	}
	r.Present = true
	for _, role := range runbook.Roles() {
		if len(doc.Of(role)) > 0 {
			r.Has = append(r.Has, string(role))
		}
	}
	people := regexp.MustCompile(`(?i)\b(contacts?|on.?call|escalat\w*|owners?|maintainers?|whom? to)\b`)
	for _, s := range doc.Sections {
		if people.MatchString(s.Title) && !s.Empty {
			r.Has = append(r.Has, "contacts")
			break
		}
	}
	for _, f := range findings {
		if f.Rule == "section-missing" {
			continue // a rule of its own
		}
		message := f.Message
		if f.Allowed != "" {
			message += "; it can be " + f.Allowed
		}
		r.Findings = append(r.Findings, Untrue{Line: f.At.Line, Column: f.At.Column, Message: message, Mend: f.Mend, Severity: Severity(f.Severity)})
	}
	return r
}
