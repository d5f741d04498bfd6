package releasable

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Release is one release in the changelog.
type Release struct {
	Version string
	At      time.Time
	Changes []Change // newest first
	// Link is the address of a commit with {{commit}} in it; "" for none.
	Link string
}

// groups are the headings of a section, in order, with the types of commits under each.
func groups() []struct {
	title string
	types []string
} {
	return []struct {
		title string
		types []string
	}{
		{"Added", []string{"feat"}},
		{"Fixed", []string{"fix"}},
		{"Security", []string{"security", "sec"}},
		{"Deprecated", []string{"deprecate", "deprecated"}},
		{"Removed", []string{"remove", "removed"}},
		{"Changed", nil},
	}
}

// quiet are the types of commits that change nothing for users: they are not in a section
// unless they break something, or nothing else is there.
func quiet(c Change) bool {
	return !c.Breaking && slices.Contains([]string{"chore", "ci", "test", "style", "build", "docs"}, c.Type)
}

// Section is a release as a section of a changelog, in the form of keepachangelog.com.
func (r Release) Section() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## [%s] - %s\n%s", r.Version, r.At.UTC().Format(time.DateOnly), r.body(true))
	return b.String()
}

// Message is a release as the message of its tag.
func (r Release) Message(service string) string {
	return fmt.Sprintf("%s %s\n%s", service, r.Version, r.body(false))
}

// body lists the changes under their headings, as Markdown or as plain text.
func (r Release) body(markdown bool) string {
	heading := ""
	if markdown {
		heading = "### "
	}

	shown := slices.DeleteFunc(slices.Clone(r.Changes), quiet)
	if len(shown) == 0 {
		shown = r.Changes
	}
	var b strings.Builder
	list := func(title string, pick func(Change) (string, bool)) {
		var lines []string
		for _, c := range shown {
			if text, ok := pick(c); ok {
				lines = append(lines, "- "+r.entry(c, text, markdown))
			}
		}
		if len(lines) > 0 {
			fmt.Fprintf(&b, "\n%s%s\n\n%s\n", heading, title, strings.Join(lines, "\n"))
		}
	}
	list("Breaking", func(c Change) (string, bool) {
		if c.Broken != "" {
			return c.title() + ": " + c.Broken, c.Breaking
		}
		return c.title(), c.Breaking
	})
	for _, g := range groups() {
		list(g.title, func(c Change) (string, bool) { return c.title(), !c.Breaking && c.under(g.title) })
	}
	return b.String()
}

// under reports whether a change stands under a heading.
func (c Change) under(title string) bool {
	for _, g := range groups() {
		if slices.Contains(g.types, c.Type) {
			return g.title == title
		}
	}
	return title == "Changed"
}

func (c Change) title() string {
	if c.Scope != "" {
		return c.Scope + ": " + c.Text
	}
	return c.Text
}

// entry is the text of a change with where it comes from.
func (r Release) entry(c Change, text string, markdown bool) string {
	id := Short(c.Commit.ID)
	if !markdown {
		return text + " (" + id + ")"
	}
	text = strings.NewReplacer("<", "&lt;", "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "`", "\\`").Replace(text)
	if r.Link == "" {
		return text + " (" + id + ")"
	}
	return fmt.Sprintf("%s ([%s](%s))", text, id, strings.ReplaceAll(r.Link, "{{commit}}", c.Commit.ID))
}

const changelogHead = `# Changelog

What each release brings to users, the newest first.
`

// Changelog puts the section of a release into a changelog, above those of earlier ones
// and below one of what is not released. A changelog that has the version is unchanged.
func (r Release) Changelog(text string) string {
	if regexp.MustCompile(`(?m)^## \[?v?` + regexp.QuoteMeta(r.Version) + `\]?(\s|$)`).MatchString(text) {
		return text
	}
	if strings.TrimSpace(text) == "" {
		return changelogHead + "\n" + r.Section()
	}
	for _, at := range regexp.MustCompile(`(?m)^## .*$`).FindAllStringIndex(text, -1) {
		if strings.Contains(strings.ToLower(text[at[0]:at[1]]), "unreleased") {
			continue
		}
		return text[:at[0]] + r.Section() + "\n" + text[at[0]:]
	}
	return strings.TrimRight(text, "\n") + "\n\n" + r.Section()
}
