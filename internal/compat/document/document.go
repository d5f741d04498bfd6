// Package document reads JSON and YAML into one small tree that knows where each part
// stands in its file. The compatibility gates use it to name lines; it never resolves
// references and never looks at what a document means.
package document

import (
	"fmt"
	"path"
	"strings"
)

// Kind is what a node is.
type Kind int

// The kinds of node.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
)

// String names the kind as JSON does.
func (k Kind) String() string {
	switch k {
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case List:
		return "array"
	case Map:
		return "object"
	}
	return "null"
}

// Node is one value. Text is a scalar's value; a number keeps its spelling.
type Node struct {
	Kind         Kind
	Text         string
	Items        []*Node
	Fields       []Field
	Line, Column int
}

// Field is one key of a map, in the order of the file.
type Field struct {
	Key          string
	Line, Column int
	Value        *Node
}

// Error is a document that does not parse.
type Error struct {
	File         string
	Line, Column int
	What         string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.What)
}

// maxDepth is how deep a document may nest.
const maxDepth = 200

// Parse reads a document; the name's ending tells the language, and what is not .json is
// read as YAML. An empty document is Null.
func Parse(name string, data []byte) (*Node, error) {
	if strings.EqualFold(path.Ext(name), ".json") || strings.EqualFold(path.Ext(name), ".avsc") {
		return parseJSON(name, data)
	}
	return parseYAML(name, data)
}

// Field gives the value of a key, nil when it is not there or n is not a map.
func (n *Node) Field(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return nil
}

// Equal says whether two nodes hold the same value; the order of keys does not count.
func Equal(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Items {
		if !Equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for _, f := range a.Fields {
		if other := b.Field(f.Key); other == nil || !Equal(f.Value, other) {
			return false
		}
	}
	return true
}

// String gives the value as short text for messages.
func (n *Node) String() string {
	if n == nil {
		return "nothing"
	}
	switch n.Kind {
	case String:
		return fmt.Sprintf("%q", n.Text)
	case Bool, Number:
		return n.Text
	case List:
		parts := make([]string, 0, len(n.Items))
		for _, item := range n.Items {
			parts = append(parts, item.String())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		return "an object"
	}
	return "null"
}
