package manifest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// Setting is one thing that a channel or a source of metrics is told.
type Setting struct {
	Name     string
	Doc      string
	Secret   bool // written as a reference, env:NAME or file:/PATH, and never as itself
	Required bool
	Standard string // default, which Parse fills in; "": none
	Words    string // default in words, where it is not a fixed one
	Example  any

	form shape[string]
}

// Details are the settings of a channel or a source, and references to its secrets.
type Details struct {
	Settings map[string]string
	Secrets  map[string]string
}

// value is what was written for a setting.
func (d *Details) value(s Setting) string {
	if s.Secret {
		return d.Secrets[s.Name]
	}
	return d.Settings[s.Name]
}

// set keeps a value with the settings or the secrets.
func (d *Details) set(s Setting, v string) {
	into := &d.Settings
	if s.Secret {
		into = &d.Secrets
	}
	if *into == nil {
		*into = map[string]string{}
	}
	(*into)[s.Name] = v
}

// fill sets the defaults of what was not written.
func (d *Details) fill(all []Setting) {
	for _, s := range all {
		if s.Standard != "" && d.value(s) == "" {
			d.set(s, s.Standard)
		}
	}
}

// fieldOf makes a key of a setting. at points at the details that hold it.
func fieldOf[T any](s Setting, at func(*T) *Details) field[T] {
	words := s.Words
	if words == "" {
		words = s.Standard
	}
	return field[T]{
		name: s.Name, doc: s.Doc, must: s.Required, standard: words, example: s.Example,
		read: func(r *reader, into *T, n ast.Node) bool {
			v, ok := s.form.value(r, n)
			if ok {
				at(into).set(s, v)
			}
			return ok
		},
		write: func(v *T) any {
			if value := at(v).value(s); value != "" {
				return s.form.write(value)
			}
			return nil
		},
		schema: s.form.schema,
	}
}

// reference is a secret by the place where it is.
func reference() shape[string] {
	w := word{what: "env:NAME, a variable in the environment of whoever deploys, or file:/PATH, a file there", pattern: `^(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00-\x1f]+)$`, limit: 1000}
	s := wordOf(w)
	s.kinds = []kind{text, number, fraction, truth}
	s.read = func(r *reader, n ast.Node) (string, bool) {
		v := strings.Clone(scalar(n))
		if kindOf(n) == text && w.matches(v) {
			return v, true
		}
		r.hide(n)
		r.unseen(n, Problem{
			Message: r.subject() + " is not a reference to a secret (what is written is not shown)",
			Allowed: w.what,
			Hint:    "this file is read by many: put the secret in a variable or a file, and write for example env:" + exampleName(r.path),
		})
		return "", false
	}
	return s
}

// exampleName is the name of a variable for the value that is read: SLACK_WEBHOOK.
func exampleName(path []string) string {
	last := path[max(0, len(path)-2):]
	return strings.ToUpper(strings.NewReplacer("-", "_", "[", "", "]", "").Replace(strings.Join(last, "_")))
}

// joined is a list of words, or one of them, kept as one text with commas.
func joined(item word) shape[string] {
	many := list("a list such as [ann@example.com, ben@example.com]", 1, wordOf(item))
	return either("one such as ann@example.com, or a list of them",
		as(wordOf(item), func(s string) string { return s }, func(s string) string { return s },
			func(s string) bool { return !strings.Contains(s, ",") }),
		as(many, func(s []string) string { return strings.Join(s, ",") }, func(s string) []string { return strings.Split(s, ",") },
			func(string) bool { return true }),
	)
}

// commandText is a command, kept as a JSON list of words.
func commandText() shape[string] {
	into := func(words []string) string {
		text, err := json.Marshal(words)
		if err != nil {
			return "" // a list of texts has no other form
		}
		return string(text)
	}
	s := as(command(), into, Words, nil)
	return s.shape
}

// Words are the words of a command that a setting holds.
func Words(command string) []string {
	var words []string
	if json.Unmarshal([]byte(command), &words) != nil {
		return nil
	}
	return words
}

// toggle is true or false, kept as that word.
func toggle() shape[string] {
	return shape[string]{
		allowed: "true or false",
		kinds:   []kind{truth},
		read: func(_ *reader, n ast.Node) (string, bool) {
			return fmt.Sprint(n.(*ast.BoolNode).Value), true
		},
		write:  func(s string) any { return s == "true" },
		schema: func(*definitions) *jsonschema.Schema { return &jsonschema.Schema{Type: "boolean"} },
	}
}

// period is a time, kept as it is printed.
func period() shape[string] {
	s := duration()
	read := s.read
	return shape[string]{
		allowed: s.allowed, kinds: s.kinds, schema: s.schema,
		read: func(r *reader, n ast.Node) (string, bool) {
			d, ok := read(r, n)
			return printDuration(d), ok
		},
		write: func(s string) any { return s },
	}
}

// idText is a word that may also be written as a number, such as the id of an account.
func idText(w word) shape[string] {
	s := wordOf(w)
	s.kinds = []kind{text, number}
	s.schema = func(*definitions) *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: w.pattern, MaxLength: new(uint64(w.length()))}, {Type: "integer"},
		}}
	}
	return s
}
