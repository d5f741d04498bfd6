package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Name is what the file is called.
const Name = "RUNBOOK.md"

// Role is what a section is for.
type Role string

// The roles. A section of another kind has none.
const (
	Prerequisites Role = "prerequisites"
	Deploy        Role = "deploy"
	Rollback      Role = "rollback"
)

// Roles lists the roles that each runbook needs, in the order in which they are walked.
func Roles() []Role { return []Role{Prerequisites, Deploy, Rollback} }

// Position is a place in the file; the first line and the first column are 1. Columns
// count characters.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// String is "line:column".
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Document is a runbook that was read.
type Document struct {
	File     string // as Parse was told, for messages
	Sections []Section
	Links    []Link

	source  []byte
	marks   []mark   // words that say something is not written yet
	allowed []string // names that a comment in the file vouches for
}

// Section is a heading and what is below it up to the next one. Sections are flat and in
// order; Parent makes a tree of them.
type Section struct {
	Title  string
	Level  int // 1 to 6; 7 for a line of bold text that serves as a heading; 0 for what is before the first heading
	Roles  []Role
	At     Position
	Steps  []Step
	Empty  bool // there is no text below the heading itself
	Parent int  // index in Sections; -1 for none

	start, end int // bytes of it, heading included
}

// Has reports whether the section has a role.
func (s Section) Has(r Role) bool { return slices.Contains(s.Roles, r) }

// Step is one thing to do: an item of a list, a row of a table, or a paragraph with the
// code that follows it.
type Step struct {
	Text string // as a person reads it, code included
	At   Position
	Code []Code
}

// Code is a block of code, or a piece of it in a line, that looks like shell.
type Code struct {
	Text     string // what a shell runs: without prompts and without recorded output
	At       Position
	Language string // as the fence says; may be empty
	Inline   bool   // within a line of text
	Told     bool   // the text around it says to run it, rather than only mentions it
	Commands []Command
}

// Command is one simple command of a piece of code.
type Command struct {
	Words []Word
}

// Word is one word of a command, without its quotes.
type Word struct {
	Text   string
	At     Position
	Opaque bool // a shell fills it in: it holds a variable, a pattern or a substitution
}

// Link is where a link leads.
type Link struct {
	To    string
	At    Position
	Image bool
}

// Of lists the sections of a role, as indices, outermost ones only.
func (d *Document) Of(r Role) []int {
	var found []int
	for i, s := range d.Sections {
		if s.Has(r) && !d.within(s.Parent, r) {
			found = append(found, i)
		}
	}
	return found
}

// Steps lists the steps of a role in order: those of its sections and of the sections below
// them, but for what below them has another role.
func (d *Document) Steps(r Role) []Step {
	var steps []Step
	for i, s := range d.Sections {
		if d.roleOf(i, r) {
			steps = append(steps, s.named()...)
		}
	}
	return steps
}

// named are the steps of a section; one that is nothing but code is called as the section is.
func (s Section) named() []Step {
	steps := slices.Clone(s.Steps)
	for i := range steps {
		if steps[i].Text == "" {
			steps[i].Text = s.Title
		}
	}
	return steps
}

// Source returns the Markdown of a role's sections, headings included; "" when there are none.
func (d *Document) Source(r Role) string {
	text := ""
	for _, i := range d.Of(r) {
		s := d.Sections[i]
		text += string(d.source[s.start:d.ends(i)])
	}
	return text
}

// Text returns the whole Markdown.
func (d *Document) Text() string { return string(d.source) }

// within reports whether section i, or one above it, has a role.
func (d *Document) within(i int, r Role) bool {
	for ; i >= 0; i = d.Sections[i].Parent {
		if d.Sections[i].Has(r) {
			return true
		}
	}
	return false
}

// roleOf reports whether section i belongs to a role: the nearest section with any role decides.
func (d *Document) roleOf(i int, r Role) bool {
	for ; i >= 0; i = d.Sections[i].Parent {
		if s := d.Sections[i]; len(s.Roles) > 0 {
			return s.Has(r)
		}
	}
	return false
}

// ends is where section i ends with all that is below it.
func (d *Document) ends(i int) int {
	end := d.Sections[i].end
	for j := i + 1; j < len(d.Sections) && d.below(j, i); j++ {
		end = d.Sections[j].end
	}
	return end
}

// below reports whether section j is somewhere below section i.
func (d *Document) below(j, i int) bool {
	for j = d.Sections[j].Parent; j >= 0; j = d.Sections[j].Parent {
		if j == i {
			return true
		}
	}
	return false
}

// Digest tells whether a runbook is the same text as another.
func (d *Document) Digest() string {
	sum := sha256.Sum256(d.source)
	return "sha256:" + hex.EncodeToString(sum[:])
}
