package standard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity string

// The severities. Errors are refused, warnings are what a person should look at, and
// notes are what the standard recommends.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one place where a project does not keep the standard.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"` // slash path from the project's directory
	Line     int      `json:"line"` // from 1
	Column   int      `json:"column"`
	Message  string   `json:"message"`
	Mend     string   `json:"mend"`
	Units    []Unit   `json:"units,omitempty"`  // files that would replace what was found
	Waived   *Waiver  `json:"waived,omitempty"` // nil: it counts
}

// Unit is a systemd unit, written out.
type Unit struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Waiver is why a finding does not count, and until when.
type Waiver struct {
	Reason string `json:"reason"`
	Until  string `json:"until"` // the last day, YYYY-MM-DD
}

// Place is "file:line:column", as editors read it.
func (f Finding) Place() string {
	if f.Column > 1 {
		return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// Counts reports whether nothing waives the finding.
func (f Finding) Counts() bool { return f.Waived == nil }

// sorted puts findings in the order in which people mend them: by file and line.
func sorted(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column,
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	return all
}

// count counts the findings of a severity that nothing waives.
func count(all []Finding, s Severity) int {
	n := 0
	for _, f := range all {
		if f.Severity == s && f.Counts() {
			n++
		}
	}
	return n
}
