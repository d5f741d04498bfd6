package document

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// converter turns goccy's tree into ours. Anchors are followed a bounded number of times,
// so that a small file cannot unfold into a huge one.
type converter struct {
	name    string
	anchors map[string]*Node
	left    int
}

const maxNodes = 500_000

func parseYAML(name string, data []byte) (*Node, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, yamlError(name, err)
	}
	c := &converter{name: name, anchors: map[string]*Node{}, left: maxNodes}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		return c.node(doc.Body, 0)
	}
	return &Node{Line: 1, Column: 1}, nil
}

func yamlError(name string, err error) error {
	e := &Error{File: name, Line: 1, Column: 1, What: err.Error()}
	if y, ok := errors.AsType[yaml.Error](err); ok {
		e.What = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
	}
	return e
}

func place(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return t.Position.Line, t.Position.Column
}

func (c *converter) node(in ast.Node, depth int) (*Node, error) {
	n := &Node{}
	n.Line, n.Column = place(in.GetToken())
	if c.left--; c.left < 0 || depth > maxDepth {
		return nil, &Error{File: c.name, Line: n.Line, Column: n.Column, What: fmt.Sprintf("nested deeper than %d or more than %d values", maxDepth, maxNodes)}
	}
	switch v := in.(type) {
	case *ast.AnchorNode:
		inner, err := c.node(v.Value, depth+1)
		if err == nil && v.Name != nil {
			c.anchors[v.Name.String()] = inner
		}
		return inner, err
	case *ast.AliasNode:
		if known := c.anchors[v.Value.String()]; known != nil {
			return known, nil
		}
		return nil, &Error{File: c.name, Line: n.Line, Column: n.Column, What: "alias of an anchor that is not above it"}
	case *ast.TagNode:
		return c.node(v.Value, depth+1)
	case *ast.MappingNode:
		n.Kind = Map
		return n, c.fields(n, v.Values, depth)
	case *ast.MappingValueNode:
		n.Kind = Map
		return n, c.fields(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.Kind = List
		return n, c.items(n, v.Values, depth)
	}
	scalar(n, in)
	return n, nil
}

func (c *converter) items(n *Node, values []ast.Node, depth int) error {
	for _, value := range values {
		item, err := c.node(value, depth+1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	return nil
}

func (c *converter) fields(n *Node, values []*ast.MappingValueNode, depth int) error {
	for i, mv := range values {
		f := Field{Key: keyText(mv.Key)}
		f.Line, f.Column = place(mv.Key.GetToken())
		if i == 0 {
			n.Line, n.Column = f.Line, f.Column
		}
		value, err := c.node(mv.Value, depth+1)
		if err != nil {
			return err
		}
		if mv.Key.IsMergeKey() {
			c.merge(n, value)
			continue
		}
		f.Value = value
		n.Fields = append(n.Fields, f)
	}
	return nil
}

// merge takes over what << names; keys of the map itself win, wherever they stand.
func (c *converter) merge(n, from *Node) {
	sources := []*Node{from}
	if from.Kind == List {
		sources = from.Items
	}
	for _, s := range sources {
		for _, f := range s.Fields {
			if n.Field(f.Key) == nil {
				n.Fields = append(n.Fields, f)
			}
		}
	}
}

func keyText(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	if t := key.GetToken(); t != nil {
		return t.Value
	}
	return key.String()
}

func scalar(n *Node, in ast.Node) {
	switch v := in.(type) {
	case *ast.StringNode:
		n.Kind, n.Text = String, v.Value
	case *ast.LiteralNode:
		n.Kind, n.Text = String, v.Value.Value
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, fmt.Sprint(v.Value)
	case *ast.IntegerNode:
		n.Kind, n.Text = Number, fmt.Sprint(v.Value)
	case *ast.FloatNode:
		n.Kind, n.Text = Number, v.Token.Value
	case *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.Text = Number, in.GetToken().Value
	default:
		n.Kind = Null
	}
}
