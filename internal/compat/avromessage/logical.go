package avromessage

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/document"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// logical finds fields whose bytes stay and whose meaning changes, which schema resolution
// does not look at: milliseconds that become microseconds.
func logical(file string, old, new []byte, flow Flow) []finding.Finding {
	before, errOld := document.Parse(file+".json", old)
	after, errNew := document.Parse(file+".json", new)
	if errOld != nil || errNew != nil {
		return nil // said by the library
	}
	var found []finding.Finding
	pairs(before, after, "", 0, func(a, b *document.Node, name string) {
		was, is := meaning(a), meaning(b)
		if was == is || was == "" || is == "" {
			return
		}
		found = append(found, finding.Finding{
			Kind: finding.Avro, Rule: "avro-logical-type-changed", Breaking: true, RollbackUnsafe: flow.OldReadsNew && flow.Own,
			Place: finding.Place{File: file, Line: b.Line, Column: b.Column},
			What:  fmt.Sprintf("%s was %s and is %s: the bytes are the same and mean something else", name, was, is),
			Mend:  "add a second field and write both while both run",
		})
	})
	return found
}

// meaning is the logical type of a type, looked for in a union too.
func meaning(t *document.Node) string {
	if t == nil {
		return ""
	}
	for _, branch := range t.Items {
		if m := meaning(branch); m != "" {
			return m
		}
	}
	if l := t.Field("logicalType"); l != nil {
		return l.Text
	}
	return ""
}

// pairs walks the fields that two schemas share.
func pairs(a, b *document.Node, name string, depth int, do func(a, b *document.Node, name string)) {
	if a == nil || b == nil || depth > 50 {
		return
	}
	do(a, b, name)
	for _, f := range items(a.Field("fields")) {
		for _, g := range items(b.Field("fields")) {
			if n := f.Field("name"); n != nil && document.Equal(n, g.Field("name")) {
				pairs(f.Field("type"), g.Field("type"), strings.TrimPrefix(name+"."+n.Text, "."), depth+1, do)
			}
		}
	}
	for _, key := range []string{"type", "items", "values"} {
		pairs(a.Field(key), b.Field(key), name, depth+1, do)
	}
	for i, branch := range items(a) {
		if rest := items(b); i < len(rest) {
			pairs(branch, rest[i], name, depth+1, do)
		}
	}
}
