package jsonmessage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

// walk looks for what a writer's schema allows and a reader's does not.
type walk struct {
	issues []issue
	seen   map[[2]*document.Node]bool
	depth  int
	left   *int // comparisons still allowed: alternatives multiply
}

const (
	maxDepth       = 60
	maxComparisons = 20_000
)

func run(writer, reader schema) []issue {
	w := &walk{seen: map[[2]*document.Node]bool{}, left: new(maxComparisons)}
	w.accept(writer, reader, "message")
	return w.issues
}

func (w *walk) add(writer, reader schema, keyword, where, format string, args ...any) {
	w.issues = append(w.issues, issue{writer: writer, reader: reader, keyword: keyword, where: where, what: fmt.Sprintf(format, args...)})
}

func (w *walk) unsure(writer, reader schema, keyword, where, format string, args ...any) {
	w.add(writer, reader, keyword, where, format, args...)
	w.issues[len(w.issues)-1].unsure = true
}

// accept checks that all that writer allows reader allows too.
func (w *walk) accept(writer, reader schema, where string) {
	if reader.node == nil || reader.isBool("true") || writer.isBool("false") {
		return
	}
	if writer.node == nil {
		writer = reader.anything()
	}
	if reader.isBool("false") {
		w.add(writer, reader, "", where, "the reader accepts nothing here")
		return
	}
	wr, okW := writer.follow()
	rd, okR := reader.follow()
	if !okW || !okR {
		if !document.Equal(writer.node, reader.node) {
			w.unsure(writer, reader, "$ref", where, "a reference that cannot be followed changed")
		}
		return
	}
	key := [2]*document.Node{wr.node, rd.node}
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	w.both(wr, rd, where)
}

func (w *walk) both(writer, reader schema, where string) {
	if reader.isBool("true") || writer.isBool("false") {
		return
	}
	if w.depth >= maxDepth || *w.left <= 0 {
		w.unsure(writer, reader, "", where, "nested deeper than %d, or more than %d comparisons", maxDepth, maxComparisons)
		return
	}
	w.depth++
	*w.left--
	defer func() { w.depth-- }()
	for _, part := range reader.list("allOf") {
		w.accept(writer, part, where)
	}
	if writer.has("allOf") {
		merged, ok := writer.merged(0)
		if !ok {
			if !document.Equal(writer.node.Field("allOf"), reader.node.Field("allOf")) {
				w.unsure(writer, reader, "allOf", where, "allOf changed and its parts cannot be put together")
			}
			return
		}
		w.both(merged, reader, where)
		return
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if branches := writer.list(key); branches != nil {
			if w.unchanged(writer, reader, key) {
				w.both(writer.without(key), reader.without(key), where)
				return
			}
			w.branches(writer, reader, key, branches, where)
			return
		}
	}
	if parts := writer.split(reader); len(parts) > 1 {
		for _, part := range parts {
			w.both(part, reader, where)
		}
		return
	}
	w.alternatives(writer, reader, where)
	w.unknown(writer, reader, where)
	if w.typesDiffer(writer, reader, where) {
		return
	}
	if values := writer.values(); values != nil {
		w.listed(writer, reader, values, where)
		return
	}
	w.constraints(writer, reader, where)
}

// unchanged says that both have the same alternatives, and that what they refer to is
// still accepted one by one.
func (w *walk) unchanged(writer, reader schema, key string) bool {
	if !document.Equal(writer.node.Field(key), reader.node.Field(key)) {
		return false
	}
	theirs := reader.list(key)
	for i, mine := range writer.list(key) {
		trial := &walk{seen: map[[2]*document.Node]bool{}, depth: w.depth, left: w.left}
		if trial.accept(mine, theirs[i], ""); len(trial.issues) > 0 {
			return false
		}
	}
	return true
}

// without gives a copy of a schema that lacks a keyword.
func (s schema) without(key string) schema {
	out := schema{&document.Node{Kind: document.Map, Line: s.node.Line, Column: s.node.Column}, s.in}
	for _, f := range s.node.Fields {
		if f.Key != key {
			out.node.Fields = append(out.node.Fields, f)
		}
	}
	return out
}

// branches: each of the writer's alternatives must be accepted.
func (w *walk) branches(writer, reader schema, key string, branches []schema, where string) {
	for i, branch := range branches {
		whole, ok := writer.with(key, branch)
		if !ok {
			w.unsure(writer, reader, key, where, "%s cannot be put together with what stands beside it", key)
			return
		}
		w.both(whole, reader, fmt.Sprintf("%s (alternative %d)", where, i+1))
	}
}

// alternatives: one of the reader's must accept all, and of oneOf only one may.
func (w *walk) alternatives(writer, reader schema, where string) {
	for _, key := range []string{"anyOf", "oneOf"} {
		branches := reader.list(key)
		if branches == nil || document.Equal(writer.node.Field(key), reader.node.Field(key)) {
			continue
		}
		accepting := -1
		for i, branch := range branches {
			trial := &walk{seen: map[[2]*document.Node]bool{}, depth: w.depth, left: w.left}
			if trial.accept(writer, branch, where); len(trial.issues) == 0 {
				accepting = i
				break
			}
		}
		if accepting < 0 {
			w.add(writer, reader, key, where, "none of the reader's alternatives in %s accepts it", key)
			continue
		}
		for i, branch := range branches {
			if key == "oneOf" && i != accepting && !disjoint(writer, branch) {
				w.unsure(writer, reader, key, where, "alternatives %d and %d of oneOf may both match", accepting+1, i+1)
			}
		}
	}
}

// split takes a schema apart into one for each value or type, when the reader has
// alternatives that may each take some of them.
func (s schema) split(reader schema) []schema {
	if !reader.has("anyOf") && !reader.has("oneOf") {
		return nil
	}
	var parts []schema
	if values := s.values(); values != nil && len(values) <= 100 {
		for _, v := range values {
			parts = append(parts, s.narrowed("enum", &document.Node{Kind: document.List, Items: []*document.Node{v}}))
		}
		return parts
	}
	if t := s.node.Field("type"); t != nil && s.values() == nil {
		for _, name := range s.types() {
			parts = append(parts, s.narrowed("type", &document.Node{Kind: document.String, Text: name}))
		}
	}
	return parts
}

// narrowed gives a copy of a schema with another value for what limits its type.
func (s schema) narrowed(key string, value *document.Node) schema {
	out := schema{&document.Node{Kind: document.Map, Line: s.node.Line, Column: s.node.Column}, s.in}
	for _, f := range s.node.Fields {
		if f.Key != key && f.Key != "const" && f.Key != "nullable" {
			out.node.Fields = append(out.node.Fields, f)
		}
	}
	out.node.Fields = append(out.node.Fields, document.Field{Key: key, Value: value, Line: s.node.Line, Column: s.node.Column})
	return out
}

// disjoint says that surely nothing is valid for both.
func disjoint(a, b schema) bool {
	a, okA := a.follow()
	b, okB := b.follow()
	if !okA || !okB || a.node.Kind != document.Map || b.node.Kind != document.Map {
		return false
	}
	if !slices.ContainsFunc(a.types(), func(t string) bool {
		return takes(b.types(), t) || takes([]string{t}, "integer") && takes(b.types(), "integer")
	}) {
		return true
	}
	if apart(a.values(), b.values()) {
		return true
	}
	for _, name := range a.required() {
		p, okP := a.property(name)
		q, okQ := b.property(name)
		if okP && okQ && slices.Contains(b.required(), name) && apart(p.values(), q.values()) {
			return true
		}
	}
	return false
}

func apart(a, b []*document.Node) bool {
	if a == nil || b == nil {
		return false
	}
	return !slices.ContainsFunc(a, func(v *document.Node) bool { return contains(b, v) })
}

func contains(values []*document.Node, v *document.Node) bool {
	return slices.ContainsFunc(values, func(n *document.Node) bool { return document.Equal(n, v) })
}

// known are keywords that are handled, and annotations that no message depends on.
var known = strings.Fields(`type properties required additionalProperties enum const items minItems maxItems uniqueItems
	minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format allOf anyOf oneOf
	minProperties maxProperties patternProperties nullable
	prefixItems additionalItems $ref $id id $schema $defs definitions $comment $anchor title description default examples example deprecated readOnly writeOnly`)

// unknown asks a person about a keyword of the reader's that is not handled and changed.
func (w *walk) unknown(writer, reader schema, where string) {
	for _, f := range reader.node.Fields {
		if slices.Contains(known, f.Key) || strings.HasPrefix(f.Key, "x-") || document.Equal(writer.node.Field(f.Key), f.Value) {
			continue
		}
		w.unsure(writer, reader, f.Key, where, "%s changed, which is not followed", f.Key)
	}
}

func takes(types []string, t string) bool {
	return slices.Contains(types, t) || t == "integer" && slices.Contains(types, "number")
}

// typesDiffer reports types that only the writer has; then the rest has no meaning when
// nothing is left in common.
func (w *walk) typesDiffer(writer, reader schema, where string) bool {
	var refused []string
	mine, theirs := writer.types(), reader.declaredTypes()
	for _, t := range mine {
		if !takes(theirs, t) {
			refused = append(refused, t)
		}
	}
	if len(refused) > 0 {
		w.add(writer, reader, "type", where, "it may be %s, the reader takes %s", strings.Join(refused, " or "), strings.Join(theirs, " or "))
	}
	return len(refused) == len(mine) && len(mine) > 0
}

// declaredTypes leaves enum out: its values are compared one by one.
func (s schema) declaredTypes() []string {
	if s.has("type") {
		return schema{&document.Node{Kind: document.Map, Fields: only(s.node, "type", "nullable")}, s.in}.types()
	}
	return allTypes
}

func only(n *document.Node, keys ...string) []document.Field {
	var out []document.Field
	for _, f := range n.Fields {
		if slices.Contains(keys, f.Key) {
			out = append(out, f)
		}
	}
	return out
}
