package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// linter holds one document against facts.
type linter struct {
	doc   *Document
	facts Facts
	found []Finding
}

// Lint lists what a runbook lacks and what in it is not true, in the order of the file.
func Lint(doc *Document, facts Facts) []Finding {
	l := &linter{doc: doc, facts: facts}
	l.sections()
	for _, m := range doc.marks {
		l.add(Finding{Rule: "unfinished", Severity: Error, At: m.at, Found: m.text, Message: fmt.Sprintf("%q says that something is not written yet", m.text),
			Mend: "write it, or take it out"})
	}
	for _, s := range doc.Sections {
		for _, step := range s.Steps {
			for _, c := range step.Code {
				l.code(c.Commands)
				l.placeholders(c)
			}
		}
	}
	for _, to := range doc.Links {
		l.link(to)
	}
	l.page()
	return sorted(l.found)
}

// add keeps a finding unless the file vouches for what was found.
func (l *linter) add(f Finding) {
	if f.Found != "" && slices.Contains(l.doc.allowed, f.Found) {
		return
	}
	l.found = append(l.found, f)
}

// example is how a heading of a role can be written.
func example(r Role) string {
	switch r {
	case Prerequisites:
		return "## Prerequisites"
	case Deploy:
		return "## Deploy"
	}
	return "## Roll back"
}

// about is what a section of a role tells.
func about(r Role) string {
	switch r {
	case Prerequisites:
		return "what must hold before a deploy"
	case Deploy:
		return "how to deploy"
	}
	return "how to roll back"
}

// sections finds the roles that no section has, and those whose sections say nothing.
func (l *linter) sections() {
	for _, r := range Roles() {
		at := l.doc.Of(r)
		if len(at) == 0 {
			l.add(Finding{Rule: "section-missing", Severity: Error, At: Position{1, 1},
				Message: fmt.Sprintf("no section says %s", about(r)),
				Mend:    fmt.Sprintf("add one with a heading such as %q", example(r))})
		}
		for _, i := range at {
			if s := l.doc.Sections[i]; l.hollow(i) {
				l.add(Finding{Rule: "section-empty", Severity: Error, At: s.At, Found: s.Title,
					Message: fmt.Sprintf("the section %q is empty", s.Title),
					Mend:    "say in it " + about(r)})
			}
		}
	}
}

// hollow reports whether there is no text in a section, nor below it.
func (l *linter) hollow(i int) bool {
	if !l.doc.Sections[i].Empty {
		return false
	}
	for j := i + 1; j < len(l.doc.Sections) && l.doc.below(j, i); j++ {
		if !l.doc.Sections[j].Empty {
			return false
		}
	}
	return true
}

// code looks at commands, and at those that they carry to other hosts.
func (l *linter) code(all []Command) {
	for _, c := range all {
		name, args := c.program()
		switch name {
		case "slipway":
			l.slipway(args)
		case "systemctl":
			l.systemctl(args)
		case "journalctl":
			l.journalctl(args)
		case "service":
			if len(args) > 1 && !strings.HasPrefix(args[0].Text, "-") {
				l.unit(args[0])
			}
		case "ssh":
			l.ssh(args)
		case "scp", "rsync":
			l.copies(args)
		}
		for _, w := range c.Words {
			l.address(w)
		}
	}
}

// placeholders finds names to be filled in that nothing fills in.
func (l *linter) placeholders(c Code) {
	for _, command := range c.Commands {
		for _, w := range command.Words {
			for _, m := range placeholder.FindAllString(w.Text, -1) {
				name := strings.Trim(m, "{} ")
				if !strings.HasPrefix(m, "{{") || slices.Contains(Placeholders(), name) {
					continue
				}
				near := nearest(name, Placeholders())
				if near == "" {
					continue // a template of another program
				}
				l.add(Finding{Rule: "placeholder", Severity: Error, At: w.At, Found: m,
					Message: fmt.Sprintf("nothing is known as %s", m), Allowed: braced(Placeholders()),
					Mend: fmt.Sprintf("write {{%s}} if that is meant", near)})
			}
		}
	}
}

func braced(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, "{{"+n+"}}")
	}
	return either(out)
}

// shownNames is how many names a message lists at most.
const shownNames = 12

// either lists what can be chosen from.
func either(names []string) string {
	if len(names) > shownNames {
		return strings.Join(names[:shownNames], ", ") + fmt.Sprintf(" and %d others", len(names)-shownNames)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// nearest is the one of some names that was probably meant, or "".
func nearest(name string, names []string) string {
	best, least := "", 3
	if len(name) < 5 {
		least = 2
	}
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d > 0 && d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is how many characters must be put in, taken out, replaced or swapped with the
// next one to make one text of another.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
