package jsonmessage

import (
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/document"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// source is one schema file and those beside it that it refers to.
type source struct {
	file   string
	root   *document.Node
	tree   fs.FS
	old    bool
	others map[string]*source
}

// schema is a place in a file.
type schema struct {
	node *document.Node
	in   *source
}

// anything is the schema that accepts all.
func (s schema) anything() schema {
	at := document.Node{Kind: document.Bool, Text: "true"}
	if s.node != nil {
		at.Line, at.Column = s.node.Line, s.node.Column
	}
	return schema{node: &at, in: s.in}
}

func (s schema) isBool(want string) bool {
	return s.node != nil && s.node.Kind == document.Bool && s.node.Text == want
}

func (s schema) has(key string) bool { return s.node.Field(key) != nil }

func (s schema) sub(key string) schema { return schema{s.node.Field(key), s.in} }

// list gives the schemas of a keyword that holds several.
func (s schema) list(key string) []schema {
	n := s.node.Field(key)
	if n == nil {
		return nil
	}
	var out []schema
	for _, item := range n.Items {
		out = append(out, schema{item, s.in})
	}
	return out
}

// property gives the schema of a property; ok is false when it is not declared.
func (s schema) property(name string) (schema, bool) {
	n := s.node.Field("properties").Field(name)
	return schema{n, s.in}, n != nil
}

func (s schema) required() []string {
	var names []string
	if n := s.node.Field("required"); n != nil {
		for _, item := range n.Items {
			names = append(names, item.Text)
		}
	}
	return names
}

// number gives a numeric keyword.
func (s schema) number(key string) (float64, bool) {
	n := s.node.Field(key)
	if n == nil || n.Kind != document.Number {
		return 0, false
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	return v, err == nil
}

// values gives what enum or const allow; nil when neither is there.
func (s schema) values() []*document.Node {
	if n := s.node.Field("const"); n != nil {
		return []*document.Node{n}
	}
	if n := s.node.Field("enum"); n != nil {
		return n.Items
	}
	return nil
}

var allTypes = []string{"array", "boolean", "null", "number", "object", "string"}

// types gives the types that a schema allows; number stands for integer too.
func (s schema) types() []string {
	n := s.node.Field("type")
	var out []string
	switch {
	case s.values() != nil:
		for _, v := range s.values() {
			if t := typeOf(v); !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
		return out
	case n == nil:
		return allTypes
	case n.Kind == document.List:
		for _, item := range n.Items {
			out = append(out, item.Text)
		}
	default:
		out = []string{n.Text}
	}
	if v := s.node.Field("nullable"); v != nil && v.Text == "true" && !slices.Contains(out, "null") {
		out = append(out, "null")
	}
	return out
}

func typeOf(v *document.Node) string {
	if v.Kind == document.Number && !strings.ContainsAny(v.Text, ".eE") {
		return "integer"
	}
	return v.Kind.String()
}

// follow goes along references; ok is false when one leads out of what can be read.
func (s schema) follow() (schema, bool) {
	for range 20 {
		ref := s.node.Field("$ref")
		if ref == nil {
			return s, true
		}
		next, ok := s.in.lookup(ref.Text)
		if !ok {
			return s, false
		}
		s = next
	}
	return s, false
}

func (d *source) lookup(ref string) (schema, bool) {
	name, fragment, _ := strings.Cut(ref, "#")
	if name != "" {
		other, ok := d.open(name)
		if !ok {
			return schema{}, false
		}
		d = other
	}
	at := d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(fragment, "/"), "/") {
		if part == "" {
			continue
		}
		part, err := url.PathUnescape(part)
		if err != nil {
			return schema{}, false
		}
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		at = step(at, part)
		if at == nil {
			return schema{}, false
		}
	}
	return schema{at, d}, true
}

func step(n *document.Node, part string) *document.Node {
	if n.Kind != document.List {
		return n.Field(part)
	}
	if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Items) {
		return n.Items[i]
	}
	return nil
}

// open reads a file beside this one; an address on a network is never followed.
func (d *source) open(name string) (*source, bool) {
	full := path.Join(path.Dir(d.file), name)
	if full == d.file {
		return d, true
	}
	if other := d.others[full]; other != nil {
		return other, true
	}
	if strings.Contains(name, "://") || !fs.ValidPath(full) {
		return nil, false
	}
	text, err := fs.ReadFile(d.tree, full)
	if err != nil {
		return nil, false
	}
	root, err := document.Parse(full, text)
	if err != nil {
		return nil, false
	}
	d.others[full] = &source{file: full, root: root, tree: d.tree, old: d.old, others: d.others}
	return d.others[full], true
}

// issue is one way in which what the writer may write is not for the reader.
type issue struct {
	writer, reader schema
	keyword        string
	where, what    string
	unsure         bool
}

// place names the keyword in the new version's file, or the schema that lacks it.
func (i issue) place(newReads bool) finding.Place {
	s := i.writer
	if newReads {
		s = i.reader
	}
	p := finding.Place{File: s.in.file, Old: s.in.old}
	if s.node == nil {
		return p
	}
	p.Line, p.Column = s.node.Line, s.node.Column
	for _, f := range s.node.Fields {
		if f.Key == i.keyword {
			p.Line, p.Column = f.Line, f.Column
		}
	}
	return p
}
