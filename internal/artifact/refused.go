package artifact

import (
	"fmt"
	"strings"
)

// Refused says why an archive was not taken. errors.Is(err, ErrRefused) holds.
type Refused struct {
	File   string // base name of the archive
	Member string // the member that is at fault; empty: the archive as a whole
	Found  string // what was found
	Rule   string // what is allowed
	Hint   string // what to do next
}

// Error puts place, finding, rule and advice into one line.
func (r *Refused) Error() string {
	var b strings.Builder
	b.WriteString(r.File)
	if r.Member != "" {
		fmt.Fprintf(&b, ": %q", r.Member)
	}
	b.WriteString(": " + r.Found)
	if r.Rule != "" {
		b.WriteString("; " + r.Rule)
	}
	if r.Hint != "" {
		b.WriteString(": " + r.Hint)
	}
	return b.String()
}

// Unwrap makes every refusal an ErrRefused.
func (r *Refused) Unwrap() error { return ErrRefused }
