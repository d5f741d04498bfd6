package standard

import (
	"fmt"
	"strings"
)

// Markdown is the rules as a page: what docs/standard.md holds after its introduction.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| rule | severity | wants |\n|---|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", r.ID, anchor(r.ID), r.severity(), r.Wants)
	}
	for _, r := range Rules() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n*Why.* %s\n\n*Mend it.* %s\n\n*Severity.* %s.%s\n", r.ID, r.Wants, r.Why, r.Mend, r.severity(), r.when())
	}
	return b.String()
}

// Catalogue is the rules as a list for the terminal.
func Catalogue() string {
	var b strings.Builder
	for _, r := range Rules() {
		fmt.Fprintf(&b, "%-24s %-8s %s\n", r.ID, r.Severity, strings.ReplaceAll(r.Wants, "`", ""))
	}
	return b.String()
}

func (r Rule) severity() string {
	if strings.HasPrefix(r.ID, "cron.") && r.Severity == Error {
		return "error; for a listener warning"
	}
	return string(r.Severity)
}

// when says what the severity depends on.
func (r Rule) when() string {
	text := ""
	if r.Release {
		text += " It is asked when a release is cut or deployed, and with `--releasing`."
	}
	if r.Deploy {
		text += " An error of it stops a deploy."
	}
	return text
}

// anchor is the name that Markdown gives the heading of a rule.
func anchor(id string) string { return strings.ReplaceAll(id, ".", "") }
