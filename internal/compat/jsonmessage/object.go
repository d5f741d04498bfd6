package jsonmessage

import (
	"regexp"
	"slices"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

func (w *walk) object(writer, reader schema, where string) {
	must := writer.required()
	for _, name := range reader.required() {
		if !slices.Contains(must, name) {
			w.add(writer, reader, "required", where, "the reader requires %q, which the writer may leave out", name)
		}
	}
	if n := writer.node.Field("properties"); n != nil {
		for _, f := range n.Fields {
			w.property(writer, reader, f, where)
		}
	}
	w.additional(writer, reader, where)
	theirs := reader.node.Field("patternProperties")
	if mine := writer.node.Field("patternProperties"); mine != nil && theirs == nil && reader.closed() {
		w.add(writer, reader, "patternProperties", where, "the writer names properties by pattern, the reader takes no others")
	} else if theirs != nil && mine != nil && !document.Equal(mine, theirs) {
		w.unsure(writer, reader, "patternProperties", where, "patternProperties changed")
	}
}

func (s schema) closed() bool {
	n := s.node.Field("additionalProperties")
	return n != nil && n.Kind == document.Bool && n.Text == "false"
}

// property checks one that the writer declares. One that only the reader declares needs
// nothing: a writer writes what its schema has.
func (w *walk) property(writer, reader schema, f document.Field, where string) {
	mine := schema{f.Value, writer.in}
	if mine.isBool("false") {
		return
	}
	at := where + "." + f.Key
	if theirs, ok := reader.property(f.Key); ok {
		w.accept(mine, theirs, at)
		return
	}
	matched := false
	if n := reader.node.Field("patternProperties"); n != nil {
		for _, p := range n.Fields {
			if re, err := regexp.Compile(p.Key); err == nil && re.MatchString(f.Key) {
				w.accept(mine, schema{p.Value, reader.in}, at)
				matched = true
			}
		}
	}
	if matched {
		return
	}
	if reader.closed() {
		w.add(schema{f.Value, writer.in}, reader, "additionalProperties", at, "the writer may write it and the reader takes no property that it does not name")
		return
	}
	if reader.has("additionalProperties") {
		w.accept(mine, reader.sub("additionalProperties"), at)
	}
}

// additional compares maps: properties without a name of their own.
func (w *walk) additional(writer, reader schema, where string) {
	mine := writer.node.Field("additionalProperties")
	if mine == nil || mine.Kind == document.Bool || !reader.has("additionalProperties") {
		return
	}
	if reader.closed() {
		w.add(writer, reader, "additionalProperties", where, "the writer may write properties without a fixed name, the reader takes none")
		return
	}
	w.accept(writer.sub("additionalProperties"), reader.sub("additionalProperties"), where+".*")
}

// merged puts a schema and its allOf together, when no keyword stands in two of them.
func (s schema) merged(depth int) (schema, bool) {
	if depth > maxDepth {
		return s, false
	}
	out := schema{&document.Node{Kind: document.Map, Line: s.node.Line, Column: s.node.Column}, s.in}
	for _, f := range s.node.Fields {
		if f.Key != "allOf" {
			out.node.Fields = append(out.node.Fields, f)
		}
	}
	for _, part := range s.list("allOf") {
		part, ok := part.follow()
		if !ok {
			return s, false
		}
		if part.has("allOf") {
			if part, ok = part.merged(depth + 1); !ok {
				return s, false
			}
		}
		if out, ok = out.join(part); !ok {
			return s, false
		}
	}
	return out, true
}

// with puts one alternative in the place of the keyword that holds it.
func (s schema) with(key string, branch schema) (schema, bool) {
	rest := schema{&document.Node{Kind: document.Map, Line: s.node.Line, Column: s.node.Column}, s.in}
	for _, f := range s.node.Fields {
		if f.Key != key {
			rest.node.Fields = append(rest.node.Fields, f)
		}
	}
	branch, ok := branch.follow()
	if !ok {
		return s, false
	}
	if branch.node.Kind != document.Map {
		return branch, true
	}
	if branch.has("allOf") {
		if branch, ok = branch.merged(0); !ok {
			return s, false
		}
	}
	return rest.join(branch)
}

// join adds the keywords of one schema to another's: lists of required names and
// properties are united, everything else may stand in one of them or be equal.
func (s schema) join(part schema) (schema, bool) {
	if part.node.Kind != document.Map || part.in.file != s.in.file && part.in.root != s.in.root {
		return s, part.isBool("true")
	}
	out := schema{&document.Node{Kind: document.Map, Line: s.node.Line, Column: s.node.Column, Fields: slices.Clone(s.node.Fields)}, s.in}
	for _, f := range part.node.Fields {
		at := slices.IndexFunc(out.node.Fields, func(g document.Field) bool { return g.Key == f.Key })
		if at < 0 {
			out.node.Fields = append(out.node.Fields, f)
			continue
		}
		joined, ok := joinValues(f.Key, out.node.Fields[at].Value, f.Value)
		if !ok {
			return s, false
		}
		out.node.Fields[at].Value = joined
	}
	return out, true
}

func joinValues(key string, a, b *document.Node) (*document.Node, bool) {
	switch {
	case document.Equal(a, b) || key == "title" || key == "description":
		return a, true
	case key == "required":
		joined := *a
		joined.Items = append(slices.Clone(a.Items), b.Items...)
		return &joined, true
	case key == "properties":
		joined := *a
		joined.Fields = slices.Clone(a.Fields)
		for _, f := range b.Fields {
			if have := a.Field(f.Key); have != nil && !document.Equal(have, f.Value) {
				return nil, false
			}
			joined.Fields = append(joined.Fields, f)
		}
		return &joined, true
	}
	return nil, false
}
