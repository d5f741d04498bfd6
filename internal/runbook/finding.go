package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity is how much a finding matters.
type Severity string

// The severities. Errors are what is wrong; warnings are what a person should look at.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is something in a runbook that is not as it must be.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	At       Position `json:"at"`
	Found    string   `json:"found"`   // what is there; "" when something is missing
	Message  string   `json:"message"` // what is wrong with it
	Allowed  string   `json:"allowed,omitempty"`
	Mend     string   `json:"mend"`
}

// String is the finding in one line, without the file's name.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s", f.At, f.Message)
	if f.Allowed != "" {
		text += "; it can be " + f.Allowed
	}
	return text + "; " + f.Mend
}

// Fails reports whether findings hold one that is an error.
func Fails(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
}

// sorted puts findings in the order of the file and leaves out what was found twice.
func sorted(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(a.At.Line-b.At.Line, a.At.Column-b.At.Column, strings.Compare(a.Rule, b.Rule))
	})
	return slices.CompactFunc(all, func(a, b Finding) bool { return a == b })
}
