package standard

import (
	"fmt"
	"slices"
	"strings"
)

// Text is the report as people read it: each finding with its place first, as editors
// follow it, then what to do; unit files are indented below what they replace.
func (r Report) Text() string {
	var b strings.Builder
	for _, f := range r.Findings {
		if !f.Counts() {
			continue
		}
		fmt.Fprintf(&b, "%s: %s: %s (%s)\n    %s\n", f.Place(), f.Severity, f.Message, f.Rule, f.Mend)
		for _, u := range f.Units {
			fmt.Fprintf(&b, "\n    --- %s\n", u.Name)
			for line := range strings.Lines(u.Text) {
				b.WriteString(strings.TrimRight("    "+printable(strings.TrimSuffix(line, "\n")), " ") + "\n")
			}
		}
		if len(f.Units) > 0 {
			b.WriteString("\n")
		}
	}
	r.waived(&b)
	r.methods(&b)
	b.WriteString(r.Summary() + "\n")
	return b.String()
}

// waived lists what does not count, and until when.
func (r Report) waived(b *strings.Builder) {
	for _, f := range r.Findings {
		if f.Waived != nil {
			fmt.Fprintf(b, "%s: waived until %s: %s (%s)\n    %s\n", f.Place(), f.Waived.Until, f.Message, f.Rule, f.Waived.Reason)
		}
	}
}

// methods explains the choice of the method.
func (r Report) methods(b *strings.Builder) {
	for _, m := range r.Methods {
		fits := m.Fits
		if fits == "" {
			fits = "either method"
		}
		fmt.Fprintf(b, "%s uses %s; %s fits: %s\n", m.Environment, m.Uses, fits, strings.Join(m.Because, "; "))
	}
}

// Summary is the report in one line.
func (r Report) Summary() string {
	waived := len(slices.DeleteFunc(slices.Clone(r.Findings), Finding.Counts))
	parts := []string{plural(count(r.Findings, Error), "error"), plural(count(r.Findings, Warning), "warning"), plural(count(r.Findings, Note), "note")}
	text := r.Service + ": " + strings.Join(parts, ", ")
	if waived > 0 {
		text += fmt.Sprintf(", %d waived", waived)
	}
	return text
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
