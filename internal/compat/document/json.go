package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// reader walks the tokens of a JSON text and knows where each began.
type reader struct {
	name  string
	data  []byte
	dec   *json.Decoder
	lines []int // offsets at which lines begin
}

func parseJSON(name string, data []byte) (*Node, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	r := &reader{name: name, data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: lineStarts(data)}
	r.dec.UseNumber()
	n, err := r.value(0)
	if errors.Is(err, io.EOF) && len(bytes.TrimSpace(data)) == 0 {
		return &Node{Line: 1, Column: 1}, nil
	}
	if err != nil {
		return nil, r.wrap(err)
	}
	end := r.start()
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, r.fail(end, "text after the end of the document")
	}
	return n, nil
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, b := range data {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// start is where the next token begins: after blanks, commas and colons.
func (r *reader) start() int {
	i := int(r.dec.InputOffset())
	for i < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[i]) >= 0 {
		i++
	}
	return i
}

func (r *reader) position(offset int) (line, column int) {
	lo, hi := 0, len(r.lines)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; r.lines[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	offset = min(offset, len(r.data))
	return lo + 1, utf8.RuneCount(r.data[r.lines[lo]:offset]) + 1
}

func (r *reader) fail(offset int, what string) *Error {
	line, column := r.position(offset)
	return &Error{File: r.name, Line: line, Column: column, What: what}
}

func (r *reader) wrap(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return r.fail(max(r.start(), int(e.Offset)-1), e.Error())
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return r.fail(r.start(), err.Error())
}

func (r *reader) value(depth int) (*Node, error) {
	n := &Node{}
	at := r.start()
	n.Line, n.Column = r.position(at)
	if depth > maxDepth {
		return nil, r.fail(at, fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			n.Kind = List
			return n, r.items(n, depth)
		}
		n.Kind = Map
		return n, r.fields(n, depth)
	case string:
		n.Kind, n.Text = String, t
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case bool:
		n.Kind, n.Text = Bool, fmt.Sprint(t)
	}
	return n, nil
}

func (r *reader) items(n *Node, depth int) error {
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) fields(n *Node, depth int) error {
	for r.dec.More() {
		at := r.start()
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return r.fail(at, "a key that is not a string")
		}
		f := Field{Key: key}
		f.Line, f.Column = r.position(at)
		if f.Value, err = r.value(depth + 1); err != nil {
			return err
		}
		n.Fields = append(n.Fields, f)
	}
	_, err := r.dec.Token()
	return err
}
