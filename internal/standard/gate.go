package standard

import (
	"fmt"
	"strings"
)

// Refused is why a deploy does not begin.
type Refused struct {
	Findings []Finding
}

// Error lists what stands in the way with what to do about it.
func (r *Refused) Error() string {
	var b strings.Builder
	things := "one thing"
	if len(r.Findings) > 1 {
		things = fmt.Sprintf("%d things", len(r.Findings))
	}
	fmt.Fprintf(&b, "the standard does not let this go out: %s, nothing was changed", things)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n  %s: %s (%s)\n      %s", f.Place(), f.Message, f.Rule, f.Mend)
	}
	return b.String()
}

// Gate is nil when a deploy may begin, and a *Refused when an error of a rule that is about
// the deploy is there and not waived.
func Gate(findings []Finding) error {
	var stop []Finding
	for _, f := range findings {
		if r, ok := Find(f.Rule); ok && r.Deploy && f.Severity == Error && f.Counts() {
			stop = append(stop, f)
		}
	}
	if len(stop) == 0 {
		return nil
	}
	return &Refused{Findings: stop}
}
