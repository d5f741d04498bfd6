// Package avromessage decides whether Avro messages that one version writes can be read
// by the other, by Avro's schema resolution. internal/compat calls it with the schemas'
// text; it never reads a file.
package avromessage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/avro"

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

// Compare checks one schema file of both versions.
func Compare(file string, old, new []byte, flow Flow) []finding.Finding {
	before, err := parse(old)
	if err != nil {
		return []finding.Finding{unreadable(file, old, err, true)}
	}
	after, err := parse(new)
	if err != nil {
		return []finding.Finding{unreadable(file, new, err, false)}
	}
	found := logical(file, old, new, flow)
	if flow.OldReadsNew {
		if err := avro.CheckCompatibility(after, before); err != nil {
			f := incompatible(file, new, err, "an old reader cannot read what the new version writes")
			f.Rule, f.RollbackUnsafe = "avro-old-cannot-read-new", flow.Own
			f.Mend = "keep the field and its type, give what is added a default and what is removed must have had one; widen only when no old reader is left"
			found = append(found, f)
		}
	}
	if flow.NewReadsOld {
		if err := avro.CheckCompatibility(before, after); err != nil {
			f := incompatible(file, new, err, "the new version cannot read what an old writer wrote")
			f.Rule = "avro-new-cannot-read-old"
			f.Mend = "give added fields a default, name a renamed field's old name in aliases, and promote types only upwards (int, long, float, double)"
			found = append(found, f)
		}
	}
	return found
}

// parse turns a panic of the library on strange text into an error.
func parse(text []byte) (s *avro.Schema, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("the schema cannot be read: %v", r)
		}
	}()
	return avro.Parse(string(text))
}

func incompatible(file string, text []byte, err error, what string) finding.Finding {
	f := finding.Finding{Kind: finding.Avro, Place: finding.Place{File: file}, Breaking: true, What: what + ": " + err.Error()}
	e, ok := errors.AsType[*avro.CompatibilityError](err)
	if !ok {
		return f
	}
	f.What = fmt.Sprintf("%s: %s: %s (written as %s, read as %s)", what, e.Path, e.Detail, e.WriterType, e.ReaderType)
	if root, err := document.Parse(file+".json", text); err == nil {
		f.Place.Line, f.Place.Column = locate(root, e.Path)
	}
	return f
}

// locate finds the field that a dotted path ends in, or the deepest part of it that is
// in the document. Names of records stand in the path too: what names no field is skipped.
func locate(root *document.Node, path string) (line, column int) {
	at := root
	for name := range strings.SplitSeq(path, ".") {
		if next := field(at, name, 0); next != nil {
			at = next
		}
	}
	return at.Line, at.Column
}

// field finds the declaration of a field called name below n, nearest first.
func field(n *document.Node, name string, depth int) *document.Node {
	if n == nil || depth > 8 {
		return nil
	}
	for _, f := range append(items(n.Field("fields")), items(n)...) {
		if v := f.Field("name"); v != nil && v.Text == name && f.Field("type") != nil {
			return f
		}
	}
	for _, key := range []string{"type", "items", "values"} {
		if got := field(n.Field(key), name, depth+1); got != nil {
			return got
		}
	}
	for _, item := range items(n) {
		if got := field(item, name, depth+1); got != nil {
			return got
		}
	}
	return nil
}

func items(n *document.Node) []*document.Node {
	if n == nil {
		return nil
	}
	return append([]*document.Node(nil), n.Items...)
}

func unreadable(file string, text []byte, err error, old bool) finding.Finding {
	f := finding.Finding{
		Kind: finding.Avro, Rule: "avro-unreadable", Breaking: !old, RollbackUnsafe: old,
		Place: finding.Place{File: file, Old: old}, What: err.Error(),
		Mend: "mend the schema: without it nothing can be said about its messages",
	}
	if _, err := document.Parse(file+".json", text); err != nil {
		if e, ok := errors.AsType[*document.Error](err); ok {
			f.Place.Line, f.Place.Column, f.What = e.Line, e.Column, e.What
		}
	}
	return f
}
