// Package configkeys compares the keys of a configuration file as two versions ship it: a
// key that is gone while the old version reads it breaks the old one. It reads YAML, JSON,
// TOML, INI, properties and env files, and never keeps or shows a value, which may be a
// secret. internal/compat calls it.
package configkeys

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/document"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// entry is one key: what its value is, and where it stands.
type entry struct {
	kind         document.Kind
	parent       string
	line, column int
}

// Compare checks a file that both trees have. The error is for one that cannot be read.
func Compare(oldTree, newTree fs.FS, file string) ([]finding.Finding, error) {
	before, bad, err := load(oldTree, file, true)
	if err != nil || bad != nil {
		return bad, err
	}
	after, bad, err := load(newTree, file, false)
	if err != nil || bad != nil {
		return bad, err
	}
	var found []finding.Finding
	for _, key := range slices.Sorted(maps.Keys(before)) {
		was := before[key]
		is, ok := after[key]
		switch {
		case !ok && gone(before, after, was.parent):
			// said of the key above
		case !ok:
			found = append(found, finding.Finding{
				Kind: finding.Config, Rule: "config-key-removed", Breaking: true, RollbackUnsafe: true,
				Place: finding.Place{File: file, Line: was.line, Column: was.column, Old: true},
				What:  fmt.Sprintf("key %s is gone, and the old version reads it", key),
				Mend:  "keep the key until no host runs the old version",
			})
		default:
			found = append(found, changed(file, key, was, is)...)
		}
	}
	return found, nil
}

// gone says that the key above is missing too, or stopped being a map: one finding is enough.
func gone(before, after map[string]entry, parent string) bool {
	parent = strings.TrimSuffix(parent, "[]")
	if parent == "" {
		return false
	}
	is, ok := after[parent]
	return !ok || before[parent].kind != is.kind || is.kind == document.List && !entries(after, parent)
}

// entries says whether a list shows the keys of its entries: an empty one shows none.
func entries(keys map[string]entry, list string) bool {
	for key := range keys {
		if strings.HasPrefix(key, list+"[].") {
			return true
		}
	}
	return false
}

func changed(file, key string, was, is entry) []finding.Finding {
	if was.kind == is.kind || was.kind == document.Null || is.kind == document.Null {
		return nil
	}
	f := finding.Finding{
		Kind: finding.Config, Rule: "config-kind-changed", RollbackUnsafe: true,
		Place: finding.Place{File: file, Line: is.line, Column: is.column},
		What:  fmt.Sprintf("key %s was of kind %s and is of kind %s, and the old version reads it", key, was.kind, is.kind),
		Mend:  "give the new value a key of its own, and keep the old one until no host runs the old version",
	}
	f.Breaking = nested(was.kind) || nested(is.kind)
	return []finding.Finding{f}
}

func nested(k document.Kind) bool { return k == document.Map || k == document.List }

// Removed is the finding for a file that the new version no longer ships.
func Removed(file string) finding.Finding {
	return finding.Finding{
		Kind: finding.Config, Rule: "config-file-removed", Breaking: true, RollbackUnsafe: true,
		Place: finding.Place{File: file, Old: true},
		What:  "the new version does not ship the file, and the old version reads it",
		Mend:  "keep the file until no host runs the old version",
	}
}

func load(tree fs.FS, file string, old bool) (map[string]entry, []finding.Finding, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", file, err)
	}
	keys, err := flatten(file, text)
	if err == nil {
		return keys, nil, nil
	}
	f := finding.Finding{
		Kind: finding.Config, Rule: "config-unreadable", Breaking: !old, RollbackUnsafe: old,
		Place: finding.Place{File: file, Old: old}, What: err.Error(),
		Mend: "mend the file: without it nothing can be said about its keys",
	}
	if e, ok := errors.AsType[*document.Error](err); ok {
		f.Place.Line, f.Place.Column, f.What = e.Line, e.Column, firstLine(e.What)
	}
	return nil, []finding.Finding{f}, nil
}

// firstLine keeps excerpts of the file, which may hold secrets, out of a finding.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
