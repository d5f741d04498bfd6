package protobuf

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/descriptorpb"
)

type value = *descriptorpb.EnumValueDescriptorProto

// numbers lists an enum's values by number; with allow_alias a number has several names.
func numbers(e *descriptorpb.EnumDescriptorProto) map[int32][]string {
	m := map[int32][]string{}
	for _, v := range e.GetValue() {
		m[v.GetNumber()] = append(m[v.GetNumber()], v.GetName())
	}
	return m
}

func (c *comparison) enumPair(a, b enum) {
	before, after := numbers(a.desc), numbers(b.desc)
	for _, v := range a.desc.GetValue() {
		names, ok := after[v.GetNumber()]
		if !ok {
			c.valueRemoved(a, b, v)
			continue
		}
		if c.JSON && !slices.Contains(names, v.GetName()) {
			c.add(a.in.place(v), "proto-enum-value-renamed", true, true,
				fmt.Sprintf("value %s.%s = %d is called %s now, and JSON carries the name", a.name, v.GetName(), v.GetNumber(), names[0]),
				"keep the old name as an alias (option allow_alias)")
		}
	}
	for _, v := range b.desc.GetValue() {
		if _, ok := before[v.GetNumber()]; !ok {
			c.valueAdded(a, b, v)
		}
	}
}

func (c *comparison) valueRemoved(a, b enum, v value) {
	what := fmt.Sprintf("value %s.%s = %d is gone", a.name, v.GetName(), v.GetNumber())
	number := slices.ContainsFunc(b.desc.GetReservedRange(), func(r *descriptorpb.EnumDescriptorProto_EnumReservedRange) bool {
		return v.GetNumber() >= r.GetStart() && v.GetNumber() <= r.GetEnd()
	})
	if number && (!c.JSON || slices.Contains(b.desc.GetReservedName(), v.GetName())) {
		c.add(a.in.place(v), "proto-enum-value-removed", c.JSON, false, what+": the new version does not know what an old one writes",
			"keep the value until no old version writes it")
		return
	}
	c.add(a.in.place(v), "proto-enum-value-removed-unreserved", true, false, what+" and what named it is not reserved",
		fmt.Sprintf("write `reserved %d;` and `reserved %q;` in the enum, or keep the value", v.GetNumber(), v.GetName()))
}

// valueAdded: an open enum keeps a number that it does not know, a closed one drops it,
// and JSON carries a name that an old reader refuses.
func (c *comparison) valueAdded(a, b enum, v value) {
	what := fmt.Sprintf("value %s.%s = %d is new", b.name, v.GetName(), v.GetNumber())
	reserved := slices.ContainsFunc(a.desc.GetReservedRange(), func(r *descriptorpb.EnumDescriptorProto_EnumReservedRange) bool {
		return v.GetNumber() >= r.GetStart() && v.GetNumber() <= r.GetEnd()
	})
	at := b.in.place(v)
	switch {
	case reserved:
		c.add(at, "proto-number-reused", true, true, what+" and takes a number that was reserved", "take a number that was never used")
	case c.JSON:
		c.add(at, "proto-enum-value-added", true, true, what+": an old reader refuses its name in JSON", "release readers that know it first; write it in the release after")
	case a.in.closed:
		c.add(at, "proto-enum-value-added", false, true, what+": a closed enum of an old reader loses it", "write it only when no old reader is left")
	}
}
