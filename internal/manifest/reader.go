package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// most is how many values one file may hold, aliases followed. It is far above any
// real file, and keeps one whose aliases multiply from running for hours.
const most = 100_000

// reader walks the syntax tree of one file and collects what is wrong with it.
type reader struct {
	name     string
	lines    []string
	anchors  map[string]ast.Node
	at       positions
	path     []string
	problems []Problem
	read     int
	hidden   map[int]bool // lines with a secret that should not be there: they are not shown
}

// kind is what a value looks like before it is read.
type kind int

const (
	text kind = iota
	number
	fraction
	truth
	nothing
	listing
	mapped
	strange // a tag, an unknown alias: a problem was already reported
)

// kindOf sorts a resolved node.
func kindOf(n ast.Node) kind {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return text
	case *ast.IntegerNode:
		return number
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return fraction
	case *ast.BoolNode:
		return truth
	case *ast.NullNode:
		return nothing
	case *ast.SequenceNode:
		return listing
	case *ast.MappingNode, *ast.MappingValueNode:
		return mapped
	}
	return strange
}

// under reads with one more step on the path.
func (r *reader) under(step string, read func()) {
	r.path = append(r.path, step)
	read()
	r.path = r.path[:len(r.path)-1]
}

// where is the path of the value being read: "environments.production.stages[0]".
func (r *reader) where() string {
	var b strings.Builder
	for i, step := range r.path {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

// resolve follows anchors and aliases to the value they stand for, and notes where
// it is written.
func (r *reader) resolve(n ast.Node) ast.Node {
	r.read++
	for range 100 {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
			continue
		case *ast.AliasNode:
			to, ok := r.anchors[nameOf(v.Value)]
			if !ok {
				r.problem(n, Problem{
					Message: fmt.Sprintf("alias *%s points at nothing", quotable(nameOf(v.Value))),
					Allowed: "an alias of an anchor (&name) that is written in this file",
				})
				return n
			}
			n = to
			continue
		case *ast.TagNode:
			r.problem(n, Problem{
				Message: "found the YAML tag " + quotable(v.Start.Value),
				Allowed: "plain values without tags",
			})
			return n
		}
		break
	}
	if n == nil {
		n = ast.Null(&token.Token{Value: "", Position: &token.Position{Line: 1, Column: 1}})
	}
	if path := r.where(); path != "" && r.at[path] == (Position{}) {
		r.at[path] = place(n)
	}
	return n
}

// nameOf is the name of an anchor or alias.
func nameOf(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// place is where a node begins. The token of a mapping in block style is its first
// colon, so that its first key is taken instead.
func place(n ast.Node) Position {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return place(v.Values[0])
		}
	case *ast.MappingValueNode:
		return place(v.Key)
	}
	tk := n.GetToken()
	if tk == nil || tk.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	return Position{Line: max(tk.Position.Line, 1), Column: max(tk.Position.Column, 1)}
}

// problem notes that something is wrong with the value of a node. The path is that
// of the value being read.
func (r *reader) problem(n ast.Node, p Problem) { r.problemAt(place(n), p) }

func (r *reader) problemAt(at Position, p Problem) {
	if !r.secret() {
		p.Excerpt = excerpt(r.lines, at)
	}
	r.add(at, p)
}

// hide keeps the line of a value out of every excerpt.
func (r *reader) hide(n ast.Node) {
	if r.hidden == nil {
		r.hidden = map[int]bool{}
	}
	r.hidden[place(n).Line] = true
}

// unseen notes a problem of a value that must not be shown.
func (r *reader) unseen(n ast.Node, p Problem) { r.add(place(n), p) }

func (r *reader) add(at Position, p Problem) {
	p.File, p.Position, p.Path = r.name, at, r.where()
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

// secret reports whether the value being read may be a password: then it is not shown.
func (r *reader) secret() bool { return slices.Contains(r.path, "variables") }

// wrong notes that a value is not what its place allows.
func (r *reader) wrong(n ast.Node, allowed string) {
	if kindOf(n) == strange {
		return
	}
	found := describe(n)
	if r.secret() && kindOf(n) < nothing {
		found = "not shown"
	}
	r.problem(n, Problem{Message: fmt.Sprintf("%s is %s", r.subject(), found), Allowed: allowed})
}

// subject names the value being read at the start of a sentence.
func (r *reader) subject() string {
	if len(r.path) == 0 {
		return "the file"
	}
	return r.where()
}

// describe says in words what a node is.
func describe(n ast.Node) string {
	switch kindOf(n) {
	case text:
		return quotable(scalar(n))
	case number, fraction:
		return "the number " + scalar(n)
	case truth:
		return scalar(n)
	case nothing:
		return "empty"
	case listing:
		return "a list"
	}
	return "a mapping"
}

// scalar is the text of a scalar as it was written, quotes resolved.
func scalar(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	}
	return n.GetToken().Value
}

// quotable quotes a text for a message and cuts it to a length that fits in a line.
func quotable(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%q...", string(r[:most]))
	}
	return fmt.Sprintf("%q", s)
}

// excerpt is the line of a place with a mark under it.
func excerpt(lines []string, at Position) string {
	const most = 100
	if at.Line > len(lines) {
		return ""
	}
	line := []rune(strings.TrimRight(masked(lines[at.Line-1]), "\r"))
	column := min(at.Column, len(line)+1)
	from := 0
	if column > most {
		from = column - most/2
	}
	shown := line[from:min(len(line), from+most)]
	for i, c := range shown {
		if !unicode.IsPrint(c) {
			shown[i] = ' '
		}
	}
	return fmt.Sprintf("    %5d | %s\n          | %s^", at.Line, strings.TrimRight(string(shown), " "), strings.Repeat(" ", column-1-from))
}

// masked hides what is written for a key that sounds like a secret, wherever the key
// stands: a file that cannot be read as it should is shown too.
func masked(line string) string {
	return secretive().ReplaceAllStringFunc(line, func(found string) string {
		key, value, _ := strings.Cut(found, ":")
		text := strings.TrimLeft(value, " ")
		if bare := strings.Trim(text, `"'`); strings.HasPrefix(bare, "env:") || strings.HasPrefix(bare, "file:/") {
			return found
		}
		return key + ":" + value[:len(value)-len(text)] + strings.Repeat("*", utf8.RuneCountInString(text))
	})
}

func secretive() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b[a-z_-]*(token|password|secret|webhook|apikey|headers|\bkey)[a-z_-]*["']? *: *("[^"]*"?|'[^']*'?|[^\s,}\]"'\[{][^,}\]]*)`)
}
