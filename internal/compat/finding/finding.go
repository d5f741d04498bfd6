// Package finding holds what a compatibility gate says about one place of a contract.
// The gates below internal/compat make findings, internal/compat gathers them; this
// package only holds the words they share, and reads no file and decides nothing.
package finding

import (
	"cmp"
	"fmt"
	"strconv"
)

// Kind names the sort of contract a finding is about.
type Kind string

// The sorts of contract.
const (
	OpenAPI    Kind = "openapi"
	Proto      Kind = "proto"
	JSONSchema Kind = "json-schema"
	Avro       Kind = "avro"
	SQL        Kind = "sql"
	Config     Kind = "config"
)

// Place is where in which tree a finding was made. Line and Column count from 1; 0
// when the place is a whole file.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// Old says that the file is the live version's: what is missing in the new one
	// can only be shown there.
	Old bool `json:"old,omitempty"`
}

// String gives file:line:column, as editors read it.
func (p Place) String() string {
	text := p.File
	if p.Line > 0 {
		text += ":" + strconv.Itoa(p.Line)
		if p.Column > 0 {
			text += ":" + strconv.Itoa(p.Column)
		}
	}
	if p.Old {
		text += " (live version)"
	}
	return text
}

// Finding is one difference between the live version's contract and the new one's
// that matters while both run, or when the old one is put back.
type Finding struct {
	Kind  Kind   `json:"kind"`
	Place Place  `json:"place"`
	Rule  string `json:"rule"`
	// What says what was found, Mend what is allowed instead or what to do next.
	What string `json:"what"`
	Mend string `json:"mend"`
	// Breaking: something fails while old and new run side by side. The rollout is refused.
	Breaking bool `json:"breaking"`
	// RollbackUnsafe: after the new version had live traffic the old one may fail when
	// it is put back. The rollout needs an explicit yes.
	RollbackUnsafe bool `json:"rollback_unsafe"`
}

// Level says in one word what a finding asks for: refuse, ask or warn.
func (f Finding) Level() string {
	switch {
	case f.Breaking:
		return "refuse"
	case f.RollbackUnsafe:
		return "ask"
	}
	return "warn"
}

// String gives the finding as one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s (%s); %s", f.Place, f.Level(), f.What, f.Rule, f.Mend)
}

// Compare orders findings by kind, place, rule and text, so that a list reads the same each time.
func Compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Place.File, b.Place.File),
		cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What))
}
