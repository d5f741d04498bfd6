package manifest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// largest is the size of a file that is read; it is far above any real one.
const largest = 256 << 10

// Parse reads a slipway.yaml and fills in its defaults. name is used in messages
// alone. The error is an *Errors that lists every problem of the file.
func Parse(name string, data []byte) (*Manifest, error) {
	r := &reader{name: name, at: positions{}, anchors: map[string]ast.Node{}}
	m := r.manifest(data)
	if len(r.problems) > 0 {
		return nil, r.errors()
	}
	m.File = name
	m.fill()
	m.at = r.at
	return m, nil
}

// manifest reads the one document of a file.
func (r *reader) manifest(data []byte) *Manifest {
	top := Position{Line: 1, Column: 1}
	switch {
	case len(data) > largest:
		r.problemAt(top, Problem{Message: fmt.Sprintf("the file has %d bytes", len(data)), Allowed: fmt.Sprintf("at most %d bytes", largest)})
		return nil
	case !utf8.Valid(data):
		r.problemAt(top, Problem{Message: "the file is not text in UTF-8", Allowed: "YAML in UTF-8"})
		return nil
	}
	r.lines = strings.Split(string(data), "\n")
	body := r.document(data)
	if body == nil {
		return nil
	}
	m, ok := manifestObject().shape().value(r, body)
	if r.read > most {
		r.problemAt(top, Problem{Message: "the file holds too many values once its aliases are followed", Allowed: fmt.Sprintf("at most %d values", most)})
	}
	if !ok {
		return nil
	}
	return &m
}

// document is the syntax tree of the file.
func (r *reader) document(data []byte) ast.Node {
	top := Position{Line: 1, Column: 1}
	file, err := syntax(data)
	if err != nil {
		r.broken(err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.problemAt(top, Problem{Message: "the file is empty", Hint: "slipway init writes one to begin with"})
		return nil
	case 1:
		ast.Walk(r, bodies[0])
		return bodies[0]
	}
	r.problem(bodies[1], Problem{Message: "a second document begins", Allowed: "one document in a file"})
	return nil
}

// Visit notes the anchors of the file.
func (r *reader) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok {
		r.anchors[nameOf(a.Name)] = a.Value
	}
	return r
}

// syntax parses YAML. The library gives up on some broken files by a panic; that
// must not reach a person.
func syntax(data []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("this is not YAML that can be read")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// broken reports what the YAML library refused.
func (r *reader) broken(err error) {
	at, message := Position{Line: 1, Column: 1}, err.Error()
	var wrong yaml.Error
	if errors.As(err, &wrong) {
		message = wrong.GetMessage()
		if tk := wrong.GetToken(); tk != nil && tk.Position != nil {
			at = Position{Line: max(tk.Position.Line, 1), Column: max(tk.Position.Column, 1)}
		}
	}
	message, _, _ = strings.Cut(message, "\n")
	p := Problem{Message: "not YAML: " + strings.ReplaceAll(message, "\t", `\t`)}
	if strings.Contains(message, "\t") {
		p.Hint = "YAML is indented with spaces, never with tabs"
	}
	r.problemAt(at, p)
}

// errors are the problems in the order of the file.
func (r *reader) errors() *Errors {
	for i, p := range r.problems {
		if r.hidden[p.Line] {
			r.problems[i].Excerpt = ""
		}
	}
	sortProblems(r.problems)
	return &Errors{Problems: r.problems}
}
