package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/app"
	"github.com/slipway-deploy/slipway/internal/cli/view"
	"github.com/slipway-deploy/slipway/internal/duration"
	"github.com/slipway-deploy/slipway/internal/judge"
)

// judged is what a judge said of a record, as JSON. docs/judge.md explains each member: they
// do not change.
type judged struct {
	view.Judged
	PassedAt *float64 `json:"passed_at,omitempty"`
	Looks    int      `json:"looks"`
	Before   int      `json:"before,omitempty"`
	Origin   float64  `json:"origin,omitempty"`
	Least    float64  `json:"least,omitempty"`
	Most     float64  `json:"most,omitempty"`
}

func judgedOf(j app.Judged) judged {
	out := judged{Judged: view.JudgedOf(j.Final), Looks: j.Looks, Before: j.Before, Origin: j.Origin.Seconds(),
		Least: j.Span.Least.Seconds(), Most: j.Span.Most.Seconds()}
	if j.Passed != nil {
		out.PassedAt = new(j.Passed.At.Seconds())
	}
	return out
}

func judgedText(env Env, j app.Judged, svg string) string {
	theme := env.theme(env.Out)
	f := j.Final
	at := f.At
	if f.Verdict == judge.Fail {
		at = f.Since
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s after %s, %s\n", onOneLine(j.Title), theme.Strong.Render(string(f.Verdict)), duration.Text(at.Round(time.Second)), view.Count(j.Looks, "look"))
	fmt.Fprintf(&b, "  %s\n", onOneLine(f.Reason))
	for _, m := range f.Metrics {
		if strings.Contains(f.Reason, m.Reason) {
			continue // it has been told
		}
		dry := ""
		if m.DryRun {
			dry = " (dry run)"
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", onOneLine(m.Name), dry, onOneLine(m.Reason))
	}
	b.WriteString(passedText(j))
	if f.Strange > 0 {
		fmt.Fprintf(&b, "  %s left out: their numbers make no sense\n", view.Count(f.Strange, "sample"))
	}
	if svg != "" {
		fmt.Fprintf(&b, "  drawn: %s\n", onOneLine(svg))
	}
	return b.String()
}

// onOneLine is what a file or a source says, where it cannot steer a terminal: in one line.
func onOneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(plain(s))
}

// passedText says when a bake would have ended with a pass, unless that is what was found.
func passedText(j app.Judged) string {
	switch {
	case j.Passed == nil, j.Final.Verdict == judge.Pass && j.Passed.At == j.Final.At:
		return ""
	case j.Span.Least > 0:
		return fmt.Sprintf("  a bake of at least %s would have ended with a pass after %s\n", duration.Text(j.Span.Least), duration.Text(j.Passed.At.Round(time.Second)))
	}
	return fmt.Sprintf("  a bake would have ended with a pass after %s\n", duration.Text(j.Passed.At.Round(time.Second)))
}
