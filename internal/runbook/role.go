package runbook

import (
	"regexp"
	"strings"
)

// weight is how surely a heading means a role. Of a document only the headings of the
// greatest weight are taken: "Installation" is how to deploy where nothing says "Deploy".
type weight int

const (
	none weight = iota
	title
	weak
	strong
)

// words is how a role is written in headings.
type words struct {
	role         Role
	strong, weak *regexp.Regexp
}

// vocabulary lists the words of each role. The first role that fits has the heading, but
// for one that names both a deploy and the way back.
func vocabulary() []words {
	return []words{
		{Prerequisites,
			word(`pre-? ?requisites?|pre-? ?reqs?|pre-? ?conditions?|pre-? ?flight|pre-? ?(deploy(ment)?|release)s?|requirements?|required( access| tools| permissions)?|before (you|we|starting|deploying|releasing|a|the|each|every|any)|before (deploy|release)s?|(what )?you('ll| will)? need( to have)?|things you need|needed (tools|access)|ready to (deploy|release)|(release|deploy(ment)?) (checklist|readiness)|go/no-?go`),
			word(`preparations?|preparing|prepare|set-? ?up|getting started|dependencies|assumptions|access( and tools)?|permissions|check-? ?list|readiness|first steps`)},
		{Rollback,
			word(`roll(s|ing|ed)?[- ]?backs?|reverts?|reverting|back(ing|ed)?[- ]?outs?|undo(ing)?|downgrad(e|es|ing)|going back|go back|way back|previous version|last known good`),
			word(`recover(y|ing)?|restor(e|es|ing)|abort(s|ing)?|contingency|fall-?back|emergency|emergencies|(if|when) (it|something|things?|a deploy|the deploy|a release|the release|deployment)s? (goes?|fails?|breaks?|is|are|went)( wrong| bad)?|what if|failed (deploy(ment)?|release)s?|remediation|mitigations?`)},
		{Deploy,
			word(`deploy(s|ed|ing|ments?)?|releas(e|es|ing)|roll(s|ing)?[- ]?outs?|shipp?(ing)?|go(ing)?[- ]?live|push(ing)? (to|a|it|out)|promot(e|ing|ion)|publish(ing)?|delivery|cut[- ]?over`),
			word(`install(s|ing|ation)?|upgrad(e|es|ing)|updat(e|es|ing)|launch(ing)?|steps|procedure|instructions|process|provisioning|running in production|production`)},
	}
}

func word(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^a-z0-9])(` + alternatives + `)($|[^a-z0-9])`)
}

// reader knows the words of headings. It is made once a document.
type reader struct {
	all            []words
	about, leads   *regexp.Regexp
	number, before *regexp.Regexp
}

func newReader() reader {
	return reader{
		all: vocabulary(),
		// What a section is about when it is not how it is done.
		about: word(`notes?|history|architecture|diagrams?|topology|change-?logs?|badges?|calendar|keys|schedule|cadence|frequency|windows?|metrics|dashboards?|alerts?|faqs?|glossary|verification|troubleshooting|branch(es|ing)?|backups?|disaster|statistics|contacts?|owners?|escalations?|links?|references?|terms|licen[cs]e|targets?|locations?|environments?|overview`),
		leads: regexp.MustCompile(`^(post[- ]|after |verify|validat|troubleshoot|monitor|debug|test|why |about |who |where |faq|background|local |develop)`),
		// "1.2)", "Step 3:", "A.", "§ 4", "IV."
		number: regexp.MustCompile(`^(§ *)?((step|part|section|phase|appendix|chapter) +)?([0-9]+([.)][0-9]+)*[.):]*|[a-z][.)]|[ivx]+[.)])(\s*[-–—:]\s*|\s+)`),
		before: regexp.MustCompile(`^(before|requirements|pre|what you|you )`),
	}
}

// heading returns the roles that a heading means, with their weight.
func (r reader) heading(text string, first bool) map[Role]weight {
	text = r.normal(text)
	found := map[Role]weight{}
	if text == "" || r.leads.MatchString(text) {
		return found
	}
	for _, w := range r.all {
		switch {
		case w.strong.MatchString(text):
			found[w.role] = strong
		case w.weak.MatchString(text):
			found[w.role] = weak
		}
	}
	r.settle(text, found)
	if r.about.MatchString(text) {
		// "Deployment history" is not how to deploy; "Release checklist" stays what it is.
		delete(found, Deploy)
		if found[Rollback] == weak {
			delete(found, Rollback)
		}
	}
	if first {
		for role := range found {
			found[role] = title
		}
	}
	return found
}

// settle leaves the one role that is meant where words of several were found.
func (r reader) settle(text string, found map[Role]weight) {
	if found[Rollback] == strong && found[Deploy] == strong && found[Prerequisites] != strong {
		delete(found, Prerequisites)
		if !strings.ContainsAny(text, "&/+,") && !strings.Contains(text, " and ") && !strings.Contains(text, " or ") {
			delete(found, Deploy) // "Undoing a deploy"; "Deploy and rollback" is both
		}
		return
	}
	pre, back := found[Prerequisites], found[Rollback]
	switch {
	case pre == strong && back == strong && !r.before.MatchString(text), pre == strong && back == strong && found[Deploy] == none:
		delete(found, Prerequisites) // "Rollback requirements", "Before you roll back"
		delete(found, Deploy)
	case pre == strong:
		delete(found, Rollback)
		delete(found, Deploy)
	case back == strong, back == weak && found[Deploy] != strong:
		delete(found, Prerequisites)
		delete(found, Deploy)
	case found[Deploy] == strong:
		delete(found, Prerequisites)
		if back == weak && !strings.Contains(text, " and ") && !strings.Contains(text, "&") {
			delete(found, Deploy) // "If the deploy fails"
		}
	case pre == weak:
		delete(found, Deploy)
	}
}

// normal is a heading without what only decorates it.
func (r reader) normal(text string) string {
	text = strings.ToLower(strings.ReplaceAll(text, "’", "'"))
	text = strings.TrimFunc(text, func(c rune) bool { return !letter(c) && c != '§' })
	text = strings.TrimSpace(text)
	if n := r.number.FindString(text); n != "" && len(n) < len(text) {
		text = strings.TrimSpace(text[len(n):])
	}
	text = strings.TrimLeftFunc(text, func(c rune) bool { return !letter(c) })
	return strings.Join(strings.Fields(text), " ")
}

func letter(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c > 0x7f && c != '–' && c != '—' && !pictograph(c)
}

// pictograph reports whether a character is one of the pictures that people put before headings.
func pictograph(c rune) bool {
	return c >= 0x2190 && c <= 0x2bff || c >= 0x1f000 || c == 0xfe0f || c == 0x200d || c == 0x20e3
}

// assign gives the sections of a document their roles.
func assign(sections []Section) {
	r := newReader()
	all := make([]map[Role]weight, len(sections))
	best := map[Role]weight{}
	for i, s := range sections {
		all[i] = r.heading(s.Title, s.Level == 1 && titled(sections, i))
		if held(sections, all, i) {
			delete(all[i], Prerequisites) // those of the way back are a part of it
			delete(all[i], Deploy)
		}
		for role, w := range all[i] {
			best[role] = max(best[role], w)
		}
	}
	for i := range sections {
		for _, role := range Roles() {
			if w := all[i][role]; w != none && w == best[role] {
				sections[i].Roles = append(sections[i].Roles, role)
			}
		}
	}
	for _, role := range Roles() {
		alone(sections, role)
	}
}

// titled reports whether heading i is the title of the file: the first and only one of its level.
func titled(sections []Section, i int) bool {
	for j, s := range sections {
		if j != i && s.Level == 1 {
			return false
		}
	}
	return true
}

// held reports whether section i lies below one of the way back.
func held(sections []Section, all []map[Role]weight, i int) bool {
	for p := sections[i].Parent; p >= 0; p = sections[p].Parent {
		if all[p][Rollback] == strong && all[p][Deploy] == none {
			return true
		}
	}
	return false
}

// alone takes a role from sections that have others too, when there are some for it alone.
func alone(sections []Section, role Role) {
	any := false
	for _, s := range sections {
		any = any || s.Has(role) && len(s.Roles) == 1
	}
	if !any {
		return
	}
	for i, s := range sections {
		if !s.Has(role) || len(s.Roles) == 1 {
			continue
		}
		var left []Role
		for _, other := range s.Roles {
			if other != role {
				left = append(left, other)
			}
		}
		sections[i].Roles = left
	}
}
