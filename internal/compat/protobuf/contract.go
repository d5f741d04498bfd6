// Package protobuf compares the Protocol Buffers of two versions by what is on the wire:
// numbers and types, and names where messages are written as JSON. It parses .proto files
// without linking them, so that imports from outside the project need not be there.
// internal/compat calls it.
package protobuf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile/ast"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// source is one parsed file.
type source struct {
	name   string
	parsed parser.Result
	closed bool // its enums are closed: proto2
	old    bool
}

func (s *source) place(m proto.Message) finding.Place {
	p := finding.Place{File: s.name, Old: s.old}
	node := s.parsed.Node(m)
	if node == nil {
		return p
	}
	if file, ok := s.parsed.FileNode().(*ast.FileNode); ok {
		at := file.NodeInfo(node).Start()
		p.Line, p.Column = at.Line, at.Col
	}
	return p
}

// declared is something with a full name, the file it is in and the name around it.
type declared[T proto.Message] struct {
	name string
	in   *source
	desc T
}

func (d declared[T]) place() finding.Place { return d.in.place(d.desc) }

type (
	message = declared[*descriptorpb.DescriptorProto]
	enum    = declared[*descriptorpb.EnumDescriptorProto]
	service = declared[*descriptorpb.ServiceDescriptorProto]
)

// contract is everything that a tree's files declare, by full name.
type contract struct {
	messages map[string]message
	enums    map[string]enum
	services map[string]service
	// extensions are by what they extend and their number.
	extensions map[extended]extension
	pending    []extension
}

type extended struct {
	name   string
	number int32
}

// extension is a field that a scope adds to a message declared elsewhere.
type extension struct {
	in    *source
	scope string
	desc  field
}

// extend places the extensions when all names are known.
func (c *contract) extend() {
	for _, e := range c.pending {
		c.extensions[extended{c.resolve(e.scope, e.desc.GetExtendee()), e.desc.GetNumber()}] = e
	}
}

func read(tree fs.FS, files []string, old bool) (*contract, []finding.Finding, error) {
	c := &contract{messages: map[string]message{}, enums: map[string]enum{}, services: map[string]service{}, extensions: map[extended]extension{}}
	var found []finding.Finding
	for _, name := range files {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", name, err)
		}
		s, err := parse(name, text, old)
		if err != nil {
			found = append(found, unreadable(name, err, old))
			continue
		}
		c.add(s)
	}
	c.extend()
	return c, found, nil
}

func parse(name string, text []byte, old bool) (s *source, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("the file cannot be read: %v", r)
		}
	}()
	handler := reporter.NewHandler(nil)
	tree, err := parser.Parse(name, bytes.NewReader(text), handler)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ResultFromAST(tree, true, handler)
	if err != nil {
		return nil, err
	}
	return &source{name: name, parsed: parsed, old: old, closed: isProto2(parsed.FileDescriptorProto())}, nil
}

func isProto2(f *descriptorpb.FileDescriptorProto) bool {
	return f.GetSyntax() == "" || f.GetSyntax() == "proto2"
}

func unreadable(name string, err error, old bool) finding.Finding {
	f := finding.Finding{
		Kind: finding.Proto, Rule: "proto-unreadable", Breaking: !old, RollbackUnsafe: old,
		Place: finding.Place{File: name, Old: old}, What: err.Error(),
		Mend: "mend the file: without it nothing can be said about its messages",
	}
	if e, ok := errors.AsType[reporter.ErrorWithPos](err); ok {
		at := e.GetPosition()
		f.Place.Line, f.Place.Column, f.What = at.Line, at.Col, e.Unwrap().Error()
	}
	return f
}

func (c *contract) add(s *source) {
	file := s.parsed.FileDescriptorProto()
	scope := file.GetPackage()
	for _, m := range file.GetMessageType() {
		c.addMessage(s, scope, m)
	}
	for _, x := range file.GetExtension() {
		c.pending = append(c.pending, extension{s, scope, x})
	}
	for _, e := range file.GetEnumType() {
		c.enums[join(scope, e.GetName())] = enum{join(scope, e.GetName()), s, e}
	}
	for _, v := range file.GetService() {
		c.services[join(scope, v.GetName())] = service{join(scope, v.GetName()), s, v}
	}
}

func (c *contract) addMessage(s *source, scope string, m *descriptorpb.DescriptorProto) {
	name := join(scope, m.GetName())
	c.messages[name] = message{name, s, m}
	for _, x := range m.GetExtension() {
		c.pending = append(c.pending, extension{s, name, x})
	}
	for _, inner := range m.GetNestedType() {
		c.addMessage(s, name, inner)
	}
	for _, e := range m.GetEnumType() {
		c.enums[join(name, e.GetName())] = enum{join(name, e.GetName()), s, e}
	}
}

func join(scope, name string) string {
	if scope == "" {
		return name
	}
	return scope + "." + name
}

// resolve finds what a written type name means inside scope, innermost first, as protoc
// does. A name from outside the files stays as written.
func (c *contract) resolve(scope, written string) string {
	if full, ok := strings.CutPrefix(written, "."); ok {
		return full
	}
	for {
		name := join(scope, written)
		_, isMessage := c.messages[name]
		if _, isEnum := c.enums[name]; isMessage || isEnum {
			return name
		}
		if scope == "" {
			return written
		}
		scope = scope[:max(0, strings.LastIndexByte(scope, '.'))]
	}
}

// referenced gives the full names that fields and methods use.
func (c *contract) referenced() map[string]bool {
	used := map[string]bool{}
	for name, m := range c.messages {
		for _, f := range m.desc.GetField() {
			if f.GetTypeName() != "" {
				used[c.resolve(name, f.GetTypeName())] = true
			}
		}
	}
	for name, s := range c.services {
		for _, m := range s.desc.GetMethod() {
			used[c.resolve(name, m.GetInputType())] = true
			used[c.resolve(name, m.GetOutputType())] = true
		}
	}
	return used
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
