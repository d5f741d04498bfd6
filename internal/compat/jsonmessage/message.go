// Package jsonmessage decides whether JSON messages that one version writes are valid for
// the schema that the other reads with. It knows the widely used part of JSON Schema and
// says "cannot tell" about a change to the rest. It takes a writer to write what its schema
// declares and nothing else. internal/compat calls it; it never validates a message.
package jsonmessage

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/slipway-deploy/slipway/internal/compat/document"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// Flow says which of the two directions matter.
type Flow struct {
	// OldReadsNew: what the new version writes an old reader reads.
	OldReadsNew bool
	// NewReadsOld: what an old writer wrote the new version reads.
	NewReadsOld bool
	// Own: the old reader is the old version of this service, so that a rollback meets
	// what the new one wrote.
	Own bool
}

// Compare checks one schema file that both trees have. The error is for a file that
// cannot be read; one that does not parse is a finding.
func Compare(oldTree, newTree fs.FS, file string, flow Flow) ([]finding.Finding, error) {
	before, bad, err := load(oldTree, file, true)
	if err != nil || bad != nil {
		return bad, err
	}
	after, bad, err := load(newTree, file, false)
	if err != nil || bad != nil {
		return bad, err
	}
	var found []finding.Finding
	if flow.OldReadsNew {
		found = append(found, direction{
			rule: "json-schema-old-cannot-read-new", what: "an old reader refuses what the new version may write",
			mend: "let readers accept it first and write it in a later release, when no old reader is left", unsafe: flow.Own,
		}.findings(run(after, before), false)...)
	}
	if flow.NewReadsOld {
		found = append(found, direction{
			rule: "json-schema-new-cannot-read-old", what: "the new version refuses what an old writer wrote",
			mend: "accept both until no old writer is left and no queue holds an old message",
		}.findings(run(before, after), true)...)
	}
	return found, nil
}

func load(tree fs.FS, file string, old bool) (schema, []finding.Finding, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return schema{}, nil, fmt.Errorf("read %s: %w", file, err)
	}
	root, err := document.Parse(file, text)
	if err == nil && root.Kind != document.Map && root.Kind != document.Bool {
		err = &document.Error{File: file, Line: root.Line, Column: root.Column, What: "a schema is an object or a boolean, this is " + root.Kind.String()}
	}
	if err == nil {
		d := &source{file: file, root: root, tree: tree, old: old, others: map[string]*source{}}
		return schema{node: root, in: d}, nil, nil
	}
	f := finding.Finding{
		Kind: finding.JSONSchema, Rule: "json-schema-unreadable", Breaking: !old, RollbackUnsafe: old,
		Place: finding.Place{File: file, Old: old}, What: err.Error(),
		Mend: "mend the schema: without it nothing can be said about its messages",
	}
	if e, ok := errors.AsType[*document.Error](err); ok {
		f.Place.Line, f.Place.Column, f.What = e.Line, e.Column, e.What
	}
	return schema{}, []finding.Finding{f}, nil
}

// direction words the findings of one direction.
type direction struct {
	rule, what, mend string
	unsafe           bool
}

// findings words issues; newReads says that the reader is the new version's schema.
func (d direction) findings(issues []issue, newReads bool) []finding.Finding {
	var found []finding.Finding
	for _, i := range issues {
		f := finding.Finding{
			Kind: finding.JSONSchema, Rule: d.rule, Place: i.place(newReads), Breaking: true, RollbackUnsafe: d.unsafe,
			What: fmt.Sprintf("%s: %s: %s", d.what, i.where, i.what), Mend: d.mend,
		}
		if i.unsure {
			f.Rule, f.Breaking, f.RollbackUnsafe = "json-schema-cannot-tell", false, true
			f.What = fmt.Sprintf("cannot tell whether %s: %s: %s", d.what, i.where, i.what)
			f.Mend = "look at the change, and say yes to it when both versions read it"
		}
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	return found
}
