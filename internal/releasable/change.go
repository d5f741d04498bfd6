package releasable

import (
	"regexp"
	"strings"
)

// Change is what a commit says that it is, as conventionalcommits.org has it.
type Change struct {
	Commit   Commit
	Type     string // feat, fix, ...; in lower case; "" when the commit does not say
	Scope    string
	Text     string // the subject without type and scope
	Breaking bool
	Broken   string // what breaks, when the commit says it
}

// ParseChange reads the message of a commit.
func ParseChange(c Commit) Change {
	change := Change{Commit: c, Text: c.Subject}
	m := regexp.MustCompile(`^([A-Za-z]+)(?:\(([^()]+)\))?(!?): +(\S.*)$`).FindStringSubmatch(c.Subject)
	if m != nil {
		change.Type, change.Scope, change.Breaking, change.Text = strings.ToLower(m[1]), m[2], m[3] == "!", m[4]
	}
	footer := regexp.MustCompile(`(?m)^BREAKING[ -]CHANGE(?:: | #)(.+)$`).FindStringSubmatch(c.Body)
	if footer != nil {
		change.Breaking, change.Broken = true, strings.TrimSpace(footer[1])
	}
	return change
}

// ParseChanges reads the messages of commits. Merges, which say nothing of their own, are
// left out.
func ParseChanges(commits []Commit) []Change {
	var all []Change
	for _, c := range commits {
		if strings.HasPrefix(c.Subject, "Merge branch ") || strings.HasPrefix(c.Subject, "Merge pull request ") || strings.HasPrefix(c.Subject, "Merge remote-tracking branch ") {
			continue
		}
		all = append(all, ParseChange(c))
	}
	return all
}
