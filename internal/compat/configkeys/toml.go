package configkeys

import (
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

// fromTOML reads the keys of a TOML file with their places, which the library gives only
// through its parser.
func fromTOML(text []byte) (out map[string]entry, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("the file cannot be read: %v", r)
		}
	}()
	t := &tomlFile{out: map[string]entry{}}
	t.parser.Reset(text)
	at := ""
	for t.parser.NextExpression() {
		e := t.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			at, _ = t.key("", e, document.Map, "")
		case unstable.ArrayTable:
			at, _ = t.key("", e, document.List, "[]")
		case unstable.KeyValue:
			t.value(at, e)
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, t.wrap(err)
	}
	return t.out, nil
}

type tomlFile struct {
	parser unstable.Parser
	out    map[string]entry
}

func (t *tomlFile) wrap(err error) error {
	e := &document.Error{Line: 1, Column: 1, What: err.Error()}
	if p, ok := errors.AsType[*unstable.ParserError](err); ok {
		e.What = p.Message
		if len(p.Highlight) > 0 {
			start := t.parser.Shape(t.parser.Range(p.Highlight)).Start
			e.Line, e.Column = start.Line, start.Column
		}
	}
	return e
}

// key enters a dotted key and the tables that it implies; list marks are put after the last part.
func (t *tomlFile) key(at string, n *unstable.Node, kind document.Kind, mark string) (string, string) {
	parent := at
	for it := n.Key(); it.Next(); {
		part := it.Node()
		parent = at
		at = join(at, string(part.Data))
		k := document.Map
		if it.IsLast() {
			k = kind
		}
		if _, ok := t.out[at]; !ok {
			start := t.parser.Shape(part.Raw).Start
			t.out[at] = entry{k, parent, start.Line, start.Column}
		}
	}
	return at + mark, parent
}

func (t *tomlFile) value(at string, n *unstable.Node) {
	v := n.Value()
	key, _ := t.key(at, n, tomlKind(v.Kind), "")
	if v.Kind == unstable.InlineTable {
		t.inline(key, v)
	}
	if v.Kind == unstable.Array {
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.InlineTable {
				t.inline(key+"[]", it.Node())
			}
		}
	}
}

func (t *tomlFile) inline(at string, n *unstable.Node) {
	for it := n.Children(); it.Next(); {
		if it.Node().Kind == unstable.KeyValue {
			t.value(at, it.Node())
		}
	}
}

func tomlKind(k unstable.Kind) document.Kind {
	switch k {
	case unstable.Bool:
		return document.Bool
	case unstable.Float, unstable.Integer:
		return document.Number
	case unstable.Array:
		return document.List
	case unstable.InlineTable:
		return document.Map
	}
	return document.String
}
