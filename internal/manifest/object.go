package manifest

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// object is a mapping with known keys.
type object[T any] struct {
	name   string   // of its definition in the schema
	what   string   // in words, for messages
	fresh  func() T // the value before anything is read: its defaults
	fields []field[T]
	one    bool              // exactly one of the fields
	empty  bool              // may be written with nothing after the colon
	hints  map[string]string // for keys that it does not have: where what they mean is written
	// rule reports what is wrong with several keys together; extend says the same in
	// the schema, as far as a schema can.
	rule   func(r *reader, v *T, keys keys)
	extend func(s *jsonschema.Schema)
}

// keys are the keys of an object that were written, with their values.
type keys struct {
	self  ast.Node
	value map[string]ast.Node
	meant map[string]bool // keys that an unknown key was probably meant to be
}

// has reports whether a key was written.
func (k keys) has(name string) bool { return k.value[name] != nil }

// node is the value of a key, or the object when the key was not written.
func (k keys) node(name string) ast.Node {
	if n := k.value[name]; n != nil {
		return n
	}
	return k.self
}

// field is one key of an object.
type field[T any] struct {
	name     string
	doc      string
	standard string // default, in the words of the docs
	example  any
	must     bool
	read     func(r *reader, into *T, n ast.Node) bool
	write    func(v *T) any
	schema   func(d *definitions) *jsonschema.Schema
}

// key makes a field of the shape of its value. at points at where the value is kept.
func key[T, V any](name string, at func(*T) *V, s shape[V], doc string) field[T] {
	return field[T]{
		name: name,
		doc:  doc,
		read: func(r *reader, into *T, n ast.Node) bool {
			v, ok := s.value(r, n)
			if ok {
				*at(into) = v
			}
			return ok
		},
		write:  func(v *T) any { return s.write(*at(v)) },
		schema: s.schema,
	}
}

// required is a field that must be written.
func (f field[T]) required() field[T] {
	f.must = true
	return f
}

// defaults names what an unwritten field means.
func (f field[T]) defaults(words string) field[T] {
	f.standard = words
	return f
}

// such gives an example.
func (f field[T]) such(example any) field[T] {
	f.example = example
	return f
}

// shape makes the object readable.
func (o object[T]) shape() shape[T] {
	s := shape[T]{allowed: o.allowed(), kinds: []kind{mapped}, read: o.read, write: o.print, schema: o.schema}
	if o.empty {
		s.kinds = append(s.kinds, nothing)
	}
	return s
}

// names are the keys in the order of the docs.
func (o object[T]) names() []string {
	out := make([]string, len(o.fields))
	for i, f := range o.fields {
		out[i] = f.name
	}
	return out
}

func (o object[T]) allowed() string {
	if o.one {
		return o.what + ", with one of the keys " + strings.Join(o.names(), ", ")
	}
	return o.what + ", with the keys " + strings.Join(o.names(), ", ")
}

// start is the value before anything is read.
func (o object[T]) start() (v T) {
	if o.fresh != nil {
		v = o.fresh()
	}
	return v
}

func (o object[T]) read(r *reader, n ast.Node) (T, bool) {
	v := o.start()
	pairs, good := r.pairs(n)
	written := keys{n, map[string]ast.Node{}, map[string]bool{}}
	for _, p := range pairs {
		f, known := o.field(p.key)
		if !known {
			written.meant[o.unknown(r, p)] = true
			good = false
			continue
		}
		written.value[p.key] = p.value
		if o.one && len(written.value) > 1 {
			continue
		}
		r.under(p.key, func() { good = f.read(r, &v, p.value) && good })
	}
	if good || len(pairs) > 0 {
		good = o.complete(r, written) && good
	}
	if good && o.rule != nil {
		before := len(r.problems)
		o.rule(r, &v, written)
		good = len(r.problems) == before
	}
	return v, good
}

func (o object[T]) field(name string) (field[T], bool) {
	for _, f := range o.fields {
		if f.name == name {
			return f, true
		}
	}
	return field[T]{}, false
}

// unknown reports a key that the object does not have, and returns the one that was
// probably meant.
func (o object[T]) unknown(r *reader, p pair) string {
	found := Problem{Message: "unknown key " + quotable(p.key), Allowed: strings.Join(o.names(), ", ")}
	if where := r.where(); where != "" {
		found.Message += " in " + where
	}
	near := nearest(p.key, o.names())
	if near != "" {
		found.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	if hint := o.hints[p.key]; hint != "" {
		found.Hint = hint
	}
	r.problem(p.at, found)
	return near
}

// complete reports keys that are missing, or too many.
func (o object[T]) complete(r *reader, written keys) bool {
	if o.one && len(written.value) == 0 && len(written.meant) > 0 {
		return false
	}
	if o.one && len(written.value) != 1 {
		var found []string
		for _, name := range o.names() {
			if written.has(name) {
				found = append(found, name)
			}
		}
		message := r.subject() + " needs one of its keys and has none"
		if len(found) > 0 {
			message = fmt.Sprintf("%s has %s together", r.subject(), strings.Join(found, " and "))
		}
		r.problem(written.self, Problem{Message: message, Allowed: "exactly one of " + strings.Join(o.names(), ", ")})
		return false
	}
	good := true
	for _, f := range o.fields {
		if f.must && !written.has(f.name) && !written.meant[f.name] {
			r.problem(written.self, Problem{Message: fmt.Sprintf("%s has no %s", r.subject(), f.name), Hint: "add " + f.name + ": " + lowerFirst(f.doc)})
			good = false
		}
	}
	return good
}

// lowerFirst makes the middle of a sentence of a whole one.
func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		s = strings.ToLower(s[:1]) + s[1:]
	}
	return strings.TrimSuffix(s, ".")
}

// print writes the object with every field that has a value.
func (o object[T]) print(v T) any {
	out := yaml.MapSlice{}
	for _, f := range o.fields {
		if value := f.write(&v); value != nil {
			out = append(out, yaml.MapItem{Key: f.name, Value: value})
		}
	}
	return out
}
