package manifest

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// shape says how one kind of value is written in the file: how it is read, how it
// is printed, and how the schema describes it.
type shape[T any] struct {
	allowed string // in words, for messages
	kinds   []kind // of the nodes that read may be given
	read    func(r *reader, n ast.Node) (T, bool)
	write   func(v T) any // nil: there is nothing to print
	schema  func(d *definitions) *jsonschema.Schema
}

// takes reports whether a node is of a kind that the shape can be read from.
func (s shape[T]) takes(n ast.Node) bool {
	for _, k := range s.kinds {
		if k == kindOf(n) {
			return true
		}
	}
	return false
}

// value reads a node that may be anything.
func (s shape[T]) value(r *reader, n ast.Node) (T, bool) {
	n = r.resolve(n)
	if !s.takes(n) {
		r.wrong(n, s.allowed)
		var none T
		return none, false
	}
	return s.read(r, n)
}

// pointer is a shape that may be left out.
func pointer[T any](s shape[T]) shape[*T] {
	return shape[*T]{
		allowed: s.allowed,
		kinds:   s.kinds,
		schema:  s.schema,
		read: func(r *reader, n ast.Node) (*T, bool) {
			v, ok := s.read(r, n)
			return &v, ok
		},
		write: func(v *T) any {
			if v == nil {
				return nil
			}
			return s.write(*v)
		},
	}
}

// arm is one way in which an either may be written.
type arm[T any] struct {
	shape[T]
	when func(T) bool // is this how the value is printed
}

// as makes an arm of a shape of a part of T.
func as[T, V any](s shape[V], into func(V) T, from func(T) V, when func(T) bool) arm[T] {
	return arm[T]{when: when, shape: shape[T]{
		allowed: s.allowed,
		kinds:   s.kinds,
		schema:  s.schema,
		read: func(r *reader, n ast.Node) (T, bool) {
			v, ok := s.read(r, n)
			return into(v), ok
		},
		write: func(v T) any { return s.write(from(v)) },
	}}
}

// either is a value that may be written in several ways, told apart by the kind of
// the node. The first arm that takes it reads it.
func either[T any](allowed string, arms ...arm[T]) shape[T] {
	s := shape[T]{allowed: allowed}
	for _, a := range arms {
		s.kinds = append(s.kinds, a.kinds...)
	}
	s.read = func(r *reader, n ast.Node) (v T, ok bool) {
		for _, a := range arms {
			if a.takes(n) {
				return a.read(r, n)
			}
		}
		return v, false
	}
	s.write = func(v T) any {
		for _, a := range arms {
			if a.when(v) {
				return a.write(v)
			}
		}
		return nil
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		any := make([]*jsonschema.Schema, len(arms))
		for i, a := range arms {
			any[i] = a.schema(d)
		}
		return &jsonschema.Schema{AnyOf: any}
	}
	return s
}

// list is a sequence of at least some names, none of them twice.
func list(what string, least int, item shape[string]) shape[[]string] {
	s := repeatable(what, least, item)
	read, schema := s.read, s.schema
	s.read = func(r *reader, n ast.Node) ([]string, bool) {
		out, good := read(r, n)
		return out, good && r.once(n.(*ast.SequenceNode).Values, out)
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		of := schema(d)
		of.UniqueItems = true
		return of
	}
	return s
}

// repeatable is a sequence of at least some items.
func repeatable[T any](what string, least int, item shape[T]) shape[[]T] {
	s := shape[[]T]{allowed: what, kinds: []kind{listing}}
	s.read = func(r *reader, n ast.Node) ([]T, bool) {
		values := n.(*ast.SequenceNode).Values
		if len(values) < least {
			r.problem(n, Problem{Message: r.subject() + " is an empty list", Allowed: what})
			return nil, false
		}
		out, good := make([]T, 0, len(values)), true
		for i, at := range values {
			if r.read > most {
				return out, false
			}
			r.under(fmt.Sprintf("[%d]", i), func() {
				v, ok := item.value(r, at)
				good = good && ok
				out = append(out, v)
			})
		}
		return out, good
	}
	s.write = func(v []T) any {
		if v == nil {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = item.write(v[i])
		}
		return out
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		of := &jsonschema.Schema{Type: "array", Items: item.schema(d)}
		if least > 0 {
			of.MinItems = new(uint64(least))
		}
		return of
	}
	return s
}

// once reports names that are in a list twice.
func (r *reader) once(at []ast.Node, names []string) bool {
	first, good := map[string]int{}, true
	for i, name := range names {
		before, twice := first[name]
		if !twice {
			first[name] = i
			continue
		}
		where := place(at[before])
		r.problem(at[i], Problem{
			Message: fmt.Sprintf("%s is in %s twice", quotable(name), r.subject()),
			Hint:    fmt.Sprintf("the first is at line %d, column %d", where.Line, where.Column),
		})
		good = false
	}
	return good
}

// entry is one key of a mapping whose keys the project chooses.
type entry[V any] struct {
	Key   string
	Value V
}

// mapping is a mapping with keys that the project chooses, in the order of the file.
func mapping[V any](what string, least int, name word, item shape[V]) shape[[]entry[V]] {
	s := shape[[]entry[V]]{allowed: what, kinds: []kind{mapped}}
	s.read = func(r *reader, n ast.Node) ([]entry[V], bool) {
		pairs, good := r.pairs(n)
		var out []entry[V]
		for _, p := range pairs {
			if r.read > most {
				return out, false
			}
			step := p.key
			if !name.matches(step) {
				step = quotable(step)
			}
			r.under(step, func() {
				if !name.matches(p.key) {
					r.problem(p.at, Problem{Message: "the name " + quotable(p.key) + " cannot be used", Allowed: name.what})
					good = false
				}
				v, ok := item.value(r, p.value)
				good = good && ok
				out = append(out, entry[V]{p.key, v})
			})
		}
		if len(out) < least && good {
			r.problem(n, Problem{Message: r.subject() + " is an empty mapping", Allowed: what})
			good = false
		}
		return out, good
	}
	s.write = func(v []entry[V]) any {
		if len(v) == 0 {
			return nil
		}
		out := yaml.MapSlice{}
		for _, e := range v {
			out = append(out, yaml.MapItem{Key: e.Key, Value: item.write(e.Value)})
		}
		return out
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		of := &jsonschema.Schema{
			Type:                 "object",
			PropertyNames:        &jsonschema.Schema{Pattern: name.pattern, MaxLength: new(uint64(name.length()))},
			AdditionalProperties: item.schema(d),
		}
		if least > 0 {
			of.MinProperties = new(uint64(least))
		}
		return of
	}
	return s
}

// pair is one key and value of a mapping as written.
type pair struct {
	key   string
	at    ast.Node // the key
	value ast.Node
}

// pairs are the keys of a mapping in the order of the file. A key that is there
// twice, or is not a plain word, is a problem.
func (r *reader) pairs(n ast.Node) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	}
	out, good, first := make([]pair, 0, len(values)), true, map[string]Position{}
	for _, v := range values {
		key, ok := r.keyOf(v)
		if !ok {
			good = false
			continue
		}
		if at, twice := first[key]; twice {
			r.problem(v.Key, Problem{
				Message: fmt.Sprintf("%s is written twice", quotable(key)),
				Hint:    fmt.Sprintf("the first is at line %d, column %d; keep one of them", at.Line, at.Column),
			})
			good = false
			continue
		}
		first[key] = place(v.Key)
		out = append(out, pair{key, v.Key, v.Value})
	}
	return out, good
}

// keyOf is the text of a key.
func (r *reader) keyOf(v *ast.MappingValueNode) (string, bool) {
	switch {
	case v.Key.IsMergeKey():
		r.problem(v.Key, Problem{
			Message: "found the merge key <<",
			Allowed: "plain keys; an alias (*name) may stand for a whole value",
		})
		return "", false
	case kindOf(v.Key) > truth:
		r.problem(v.Key, Problem{Message: "found a key that is not a plain word", Allowed: "plain keys"})
		return "", false
	}
	return strings.Clone(scalar(v.Key)), true
}
