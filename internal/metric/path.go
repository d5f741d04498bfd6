package metric

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// step is one step of a path into a JSON document: a member, an item by its number, or
// the item that has a member with a value.
type step struct {
	member string
	item   int
	by     string // "": not by a member's value
	is     string
	kind   byte // m, i or b
}

// parsePath reads a path such as hosts.{{host}}.errors, "a.b".c, hosts[0].errors or
// hosts[name={{host}}].errors.
func parsePath(text string) ([]step, error) {
	var path []step
	rest := text
	for first := true; rest != ""; first = false {
		var s step
		var err error
		switch {
		case rest[0] == '[':
			s, rest, err = bracket(rest)
		case first:
			s, rest, err = member(rest)
		case rest[0] == '.':
			s, rest, err = member(rest[1:])
		default:
			err = errors.New("a dot or a bracket must follow")
		}
		if err != nil {
			return nil, fmt.Errorf("the path %q at its character %d: %w", text, len(text)-len(rest)+1, err)
		}
		path = append(path, s)
	}
	if path == nil {
		return nil, errors.New("the path is empty")
	}
	return path, nil
}

func member(rest string) (step, string, error) {
	if strings.HasPrefix(rest, `"`) {
		name, after, ok := strings.Cut(rest[1:], `"`)
		if !ok || name == "" {
			return step{}, rest, errors.New(`a name in quotes must end with one`)
		}
		return step{kind: 'm', member: name}, after, nil
	}
	end := strings.IndexAny(rest, `.[]"`)
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return step{}, rest, errors.New("a name is missing")
	}
	return step{kind: 'm', member: rest[:end]}, rest[end:], nil
}

func bracket(rest string) (step, string, error) {
	inside, after, ok := strings.Cut(rest[1:], "]")
	if !ok {
		return step{}, rest, errors.New("a bracket must be closed")
	}
	if by, is, ok := strings.Cut(inside, "="); ok && by != "" {
		return step{kind: 'b', by: by, is: is}, after, nil
	}
	n, err := strconv.Atoi(inside)
	if err != nil || n < 0 {
		return step{}, rest, errors.New("in brackets goes a number, or name=value")
	}
	return step{kind: 'i', item: n}, after, nil
}

// follow finds the number that a path leads to in a document, for a host.
func follow(path []step, document any, host string) (float64, error) {
	at := document
	way := "the document"
	for _, s := range path {
		next, what, ok := s.into(at, host)
		if !ok {
			return 0, fmt.Errorf("%s has no %s", way, what)
		}
		at, way = next, what
	}
	n, ok := at.(float64)
	if !ok {
		return 0, fmt.Errorf("%s is no number", way)
	}
	return n, nil
}

func (s step) into(at any, host string) (next any, what string, ok bool) {
	switch s.kind {
	case 'm':
		name := strings.ReplaceAll(s.member, "{{host}}", host)
		m, is := at.(map[string]any)
		if is {
			next, ok = m[name]
		}
		return next, oneLine(name), ok
	case 'i':
		what = fmt.Sprintf("item %d", s.item)
		if l, is := at.([]any); is && s.item < len(l) {
			return l[s.item], what, true
		}
		return nil, what, false
	}
	value := strings.ReplaceAll(s.is, "{{host}}", host)
	what = oneLine("item with " + s.by + " " + value)
	l, _ := at.([]any)
	for _, item := range l {
		if m, is := item.(map[string]any); is && fmt.Sprint(m[s.by]) == value {
			return item, what, true
		}
	}
	return nil, what, false
}
