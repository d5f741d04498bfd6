package matrix

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// Tool brings releases to one host and takes them back.
type Tool interface {
	// Deploy brings a version; an error says that it did not work, which may be what a
	// case is about.
	Deploy(ctx context.Context, version string) error
	// Back takes back what the first Deploy, and all after it, have done.
	Back(ctx context.Context) Claim
	// Cut ends what runs on the host for the tool, at once and with its children.
	Cut(ctx context.Context) error
}

// Claim is what a tool says after it went back.
type Claim struct {
	Done  bool     // it says that all is as it was
	Items []string // what it says is not
	Why   string   // one line
	Held  bool     // it says that it keeps the package on hold, so that going back lasts
}

// Names is whether a claim names a difference: its path, its package or its unit. What
// runs, and a package's own files, follow from what is installed: naming the one names
// the other.
func (c Claim) Names(d Difference) bool {
	subject := d.subject()
	if strings.HasPrefix(d.Item, "file /usr/") && slices.ContainsFunc(c.Items, func(item string) bool { return strings.HasPrefix(item, "package ") }) {
		return true
	}
	if strings.HasPrefix(d.Item, "process ") {
		return slices.ContainsFunc(c.Items, func(item string) bool {
			return strings.HasPrefix(item, "link ") || strings.HasPrefix(item, "package ") || strings.HasPrefix(item, "unit ")
		})
	}
	return slices.ContainsFunc(append([]string{c.Why}, c.Items...), func(item string) bool { return strings.Contains(item, subject) })
}

// subject is the path, package or unit that a difference is about. Slipway speaks of a
// whole release where the oracle sees its files.
func (d Difference) subject() string {
	kind, rest, _ := strings.Cut(d.Item, " ")
	if release, ok := strings.CutPrefix(rest, "/opt/"+Service+"/releases/"); ok && kind == "file" {
		name, _, _ := strings.Cut(release, "/")
		return "release " + name
	}
	switch kind {
	case "file":
		return rest
	case "environment":
		rest = strings.TrimPrefix(rest, "of ")
	}
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// plain takes what differs from run to run out of a text for the table.
func plain(text string) string {
	for _, r := range []struct{ pattern, by string }{
		{`sha256:[0-9a-f]{64}`, "DIGEST"},
		{`\b20\d{12}\b`, "TIME"},
		{`-\d{6,}\b`, "-N"},
		{`\b[0-9a-f]{64}\b`, "DIGEST"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.by)
	}
	return text
}
