package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Errors is everything that is wrong with a file, in the order of its lines.
type Errors struct {
	Problems []Problem `json:"problems"`
}

// Problem is one thing that is wrong.
type Problem struct {
	File string `json:"file"`
	Position
	Path    string `json:"path,omitempty"`    // "environments.production.stages[0]"
	Message string `json:"message"`           // what was found, and why it cannot be
	Allowed string `json:"allowed,omitempty"` // what may be written instead
	Hint    string `json:"hint,omitempty"`    // what was probably meant, or what to do next
	Excerpt string `json:"excerpt,omitempty"` // the line, and a mark under the place
}

// Error lists every problem, each with its excerpt.
func (e *Errors) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	return strings.Join(parts, "\n")
}

// String is the problem for a person: the place and the message on the first
// line, then the excerpt, then what to do.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	if p.Allowed != "" {
		b.WriteString("\n    allowed: " + p.Allowed)
	}
	if p.Hint != "" {
		b.WriteString("\n    " + p.Hint)
	}
	return b.String()
}

// sortProblems puts problems in the order of the file.
func sortProblems(all []Problem) {
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}
