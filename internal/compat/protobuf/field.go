package protobuf

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

type field = *descriptorpb.FieldDescriptorProto

func (c *comparison) messages(a, b message) {
	before, after := byNumber(a.desc), byNumber(b.desc)
	for _, f := range a.desc.GetField() {
		if n, ok := after[f.GetNumber()]; ok {
			c.fieldPair(a, b, f, n)
			continue
		}
		c.fieldRemoved(a, b, f)
	}
	for _, n := range b.desc.GetField() {
		if _, ok := before[n.GetNumber()]; !ok {
			c.fieldAdded(a, b, n)
		}
	}
	c.oneofs(a, b)
}

func byNumber(m *descriptorpb.DescriptorProto) map[int32]field {
	fields := map[int32]field{}
	for _, f := range m.GetField() {
		fields[f.GetNumber()] = f
	}
	return fields
}

func named(m *descriptorpb.DescriptorProto, name string) field {
	for _, f := range m.GetField() {
		if f.GetName() == name {
			return f
		}
	}
	return nil
}

func reservesNumber(m *descriptorpb.DescriptorProto, n int32) bool {
	return slices.ContainsFunc(m.GetReservedRange(), func(r *descriptorpb.DescriptorProto_ReservedRange) bool {
		return n >= r.GetStart() && n < r.GetEnd()
	})
}

func required(f field) bool {
	return f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REQUIRED
}

func repeated(f field) bool {
	return f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED
}

func (c *comparison) fieldRemoved(a, b message, f field) {
	what := fmt.Sprintf("field %s.%s = %d", a.name, f.GetName(), f.GetNumber())
	if moved := named(b.desc, f.GetName()); moved != nil {
		c.add(b.in.place(moved), "proto-field-renumbered", true, true,
			fmt.Sprintf("%s now has number %d: each version reads the other's as unknown", what, moved.GetNumber()),
			"give the field its old number back")
		return
	}
	if required(f) {
		c.add(a.in.place(f), "proto-required-removed", true, true, what+" is gone, and an old reader refuses a message without it",
			"keep the field and keep writing it until no old reader is left")
		return
	}
	reserved := reservesNumber(b.desc, f.GetNumber())
	if reserved && (!c.JSON || slices.Contains(b.desc.GetReservedName(), f.GetName())) {
		c.add(a.in.place(f), "proto-field-removed", false, false, what+" is gone: old readers see its zero value", "nothing, when they can live with that")
		return
	}
	mend := fmt.Sprintf("write `reserved %d;`", f.GetNumber())
	if c.JSON {
		mend += fmt.Sprintf(" and `reserved %q;`", f.GetName())
	}
	c.add(a.in.place(f), "proto-field-removed-unreserved", true, false, what+" is gone and what named it is not reserved: it can be taken again with another meaning",
		mend+" in the message, or keep the field")
}

func (c *comparison) fieldAdded(a, b message, n field) {
	at := b.in.place(n)
	what := fmt.Sprintf("field %s.%s = %d", b.name, n.GetName(), n.GetNumber())
	if reservesNumber(a.desc, n.GetNumber()) {
		c.add(at, "proto-number-reused", true, true, what+" takes a number that was reserved: an older meaning of it is still in messages", "take a number that was never used")
	}
	if slices.Contains(a.desc.GetReservedName(), n.GetName()) {
		c.add(at, "proto-name-reused", c.JSON, c.JSON, what+" takes a name that was reserved", "take a name that was never used")
	}
	if required(n) {
		c.add(at, "proto-required-added", true, false, what+" is required: the new version refuses what the old one wrote", "make it optional")
	}
}

func (c *comparison) fieldPair(a, b message, f, n field) {
	at := b.in.place(n)
	what := fmt.Sprintf("field %s.%s = %d", b.name, n.GetName(), n.GetNumber())
	if c.JSON && jsonName(f) != jsonName(n) {
		c.add(at, "proto-json-name-changed", true, true, fmt.Sprintf("%s was called %q in JSON and is called %q", what, jsonName(f), jsonName(n)),
			fmt.Sprintf("write json_name = %q on it", jsonName(f)))
	}
	if moved := named(b.desc, f.GetName()); f.GetName() != n.GetName() && moved != nil {
		c.add(at, "proto-field-renumbered", true, true,
			fmt.Sprintf("number %d was %s and is %s, and %s has number %d: each version reads the other's wrong", f.GetNumber(), f.GetName(), n.GetName(), f.GetName(), moved.GetNumber()),
			"give the field its old number back")
	}
	if !proto.Equal(option(f, "default"), option(n, "default")) {
		c.add(at, "proto-default-changed", true, false, what+" has another default: a message without it means something else to each version", "leave the default")
	}
	switch {
	case repeated(f) != repeated(n):
		c.add(at, "proto-cardinality-changed", true, true, what+" is repeated in one version and single in the other", "add a second field and write both while both run")
	case required(f) && !required(n):
		c.add(at, "proto-required-relaxed", true, true, what+" was required: an old reader refuses a message without it", "keep it required until no old reader is left")
	case !required(f) && required(n):
		c.add(at, "proto-required-added", true, false, what+" became required: the new version refuses what the old one wrote", "leave it optional")
	}
	if f.GetTypeName() != "" && n.GetTypeName() != "" {
		c.types(at, what, c.old.resolve(a.name, f.GetTypeName()), c.new.resolve(b.name, n.GetTypeName()))
		return
	}
	c.scalars(at, what, c.kind(c.old, a.name, f), c.kind(c.new, b.name, n))
}

// option finds an option of a field as it is written.
func option(f field, name string) *descriptorpb.UninterpretedOption {
	for _, o := range f.GetOptions().GetUninterpretedOption() {
		if len(o.GetName()) == 1 && o.GetName()[0].GetNamePart() == name && !o.GetName()[0].GetIsExtension() {
			return o
		}
	}
	return nil
}

// jsonName gives a field's name in JSON. The option is still uninterpreted: the file is
// parsed and not linked.
func jsonName(f field) string {
	if o := option(f, "json_name"); o != nil {
		return string(o.GetStringValue())
	}
	if f.GetJsonName() != "" {
		return f.GetJsonName()
	}
	var out strings.Builder
	up := false
	for _, r := range f.GetName() {
		if r == '_' {
			up = true
			continue
		}
		if up {
			out.WriteString(strings.ToUpper(string(r)))
		} else {
			out.WriteRune(r)
		}
		up = false
	}
	return out.String()
}

// oneofs looks for fields that both versions have and that one of them lets live together
// while the other keeps only the last.
func (c *comparison) oneofs(a, b message) {
	after := byNumber(b.desc)
	joined, parted := map[int32][]field{}, map[int32][]field{}
	for _, f := range a.desc.GetField() {
		n, ok := after[f.GetNumber()]
		if !ok {
			continue
		}
		was, is := oneof(f), oneof(n)
		if is >= 0 {
			joined[is] = append(joined[is], f)
		}
		if was >= 0 {
			parted[was] = append(parted[was], n)
		}
	}
	for _, fields := range ordered(joined) {
		if apart(fields) {
			c.add(b.in.place(after[fields[0].GetNumber()]), "proto-oneof-joined", true, false,
				fmt.Sprintf("fields of %s that could be set together (%s) are now in one oneof: the new version keeps the last alone", b.name, names(fields)), "leave them outside of the oneof")
		}
	}
	for _, fields := range ordered(parted) {
		if apart(fields) {
			c.add(b.in.place(fields[0]), "proto-oneof-parted", true, true,
				fmt.Sprintf("fields of %s that were in one oneof (%s) can now be set together: an old reader keeps the last alone", b.name, names(fields)), "leave them in the oneof")
		}
	}
}

// oneof gives the index of the oneof a field is in, -1 for none. The one that proto3
// makes up for an optional field is none.
func oneof(f field) int32 {
	if f.OneofIndex == nil || f.GetProto3Optional() {
		return -1
	}
	return f.GetOneofIndex()
}

func apart(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return oneof(f) < 0 || oneof(f) != oneof(fields[0]) }) && len(fields) > 1
}

func names(fields []field) string {
	var out []string
	for _, f := range fields {
		out = append(out, f.GetName())
	}
	return strings.Join(out, ", ")
}

func ordered(m map[int32][]field) [][]field {
	var keys []int32
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([][]field, 0, len(keys))
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out
}
