package protobuf

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// kind names a field's type as it is written: int32, string, enum, message.
func (c *comparison) kind(in *contract, scope string, f field) string {
	if f.GetTypeName() == "" || f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
		return strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
	}
	if _, ok := in.enums[in.resolve(scope, f.GetTypeName())]; ok {
		return "enum"
	}
	return "message"
}

// change is what a change of type means.
type change int

const (
	breaks change = iota
	// widens: old readers cut what only the wider type can hold.
	widens
	same
)

// encodings are types that are written alike; a type of another row cannot be read.
var encodings = map[string]string{
	"int32": "varint", "int64": "varint", "uint32": "varint", "uint64": "varint", "bool": "varint", "enum": "varint",
	"sint32": "zigzag", "sint64": "zigzag",
	"fixed32": "fixed32", "sfixed32": "fixed32", "fixed64": "fixed64", "sfixed64": "fixed64",
	"float": "float", "double": "double", "string": "bytes", "bytes": "bytes", "message": "message", "group": "group",
}

// wider lists, for a type, what can hold all of its values written alike.
var wider = map[string][]string{
	"int32":  {"int64"},
	"uint32": {"uint64", "int64"},
	"bool":   {"int32", "int64", "uint32", "uint64"},
	"enum":   {"int32", "int64"},
	"sint32": {"sint64"},
	"string": {"bytes"},
}

// inJSON are the widenings that hold in JSON too: an enum is a name there, a bool a word.
var inJSON = map[string]bool{"int32": true, "uint32": true, "sint32": true}

func (c *comparison) scalars(at finding.Place, what, old, new string) {
	switch c.compareKinds(old, new) {
	case breaks:
		c.add(at, "proto-type-changed", true, true, fmt.Sprintf("%s was %s and is %s: neither version reads what the other writes", what, old, new),
			"add a second field and write both while both run")
	case widens:
		c.add(at, "proto-type-widened", false, true, fmt.Sprintf("%s was %s and is %s: old readers cut values that only %s can hold", what, old, new, new),
			"write only what the old type can hold until no old reader is left")
	}
}

func (c *comparison) compareKinds(old, new string) change {
	if old == new {
		return same
	}
	if encodings[old] != encodings[new] {
		return breaks
	}
	for _, w := range wider[old] {
		if w == new && (!c.JSON || inJSON[old]) {
			return widens
		}
	}
	return breaks
}
