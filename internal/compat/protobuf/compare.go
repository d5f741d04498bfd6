package protobuf

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// Options say how the messages travel.
type Options struct {
	// JSON: they are also written as JSON, where names count.
	JSON bool
	// NewClients: clients of the new version meet old hosts while both run.
	NewClients bool
}

// comparison goes from the names that both versions have to everything that hangs on
// them. A message that was only renamed is compared with what took its place.
type comparison struct {
	Options
	old, new *contract
	found    []finding.Finding
	queue    []pair
	done     map[pair]bool
	taken    map[string]bool // old messages that were compared with something
}

type pair struct{ old, new string }

// Compare checks the files of the old tree against those of the new one. The error is
// for a file that cannot be read at all.
func Compare(oldTree, newTree fs.FS, oldFiles, newFiles []string, o Options) ([]finding.Finding, error) {
	before, bad, err := read(oldTree, oldFiles, true)
	if err != nil {
		return nil, err
	}
	after, worse, err := read(newTree, newFiles, false)
	if err != nil {
		return nil, err
	}
	if bad = append(bad, worse...); len(bad) > 0 {
		return bad, nil
	}
	c := &comparison{Options: o, old: before, new: after, done: map[pair]bool{}, taken: map[string]bool{}}
	c.services()
	for _, name := range sorted(before.messages) {
		if _, ok := after.messages[name]; ok {
			c.push(name, name)
		}
	}
	for _, name := range sorted(before.enums) {
		if _, ok := after.enums[name]; ok {
			c.push(name, name)
		}
	}
	c.extensions()
	c.drain()
	c.removed()
	return c.found, nil
}

func (c *comparison) push(old, new string) { c.queue = append(c.queue, pair{old, new}) }

func (c *comparison) drain() {
	for len(c.queue) > 0 {
		p := c.queue[0]
		c.queue = c.queue[1:]
		if c.done[p] {
			continue
		}
		c.done[p], c.taken[p.old] = true, true
		if a, ok := c.old.messages[p.old]; ok {
			if b, ok := c.new.messages[p.new]; ok {
				c.messages(a, b)
			}
			continue
		}
		if a, ok := c.old.enums[p.old]; ok {
			if b, ok := c.new.enums[p.new]; ok {
				c.enumPair(a, b)
			}
		}
	}
}

// extensions compares what is added to messages from outside of them.
func (c *comparison) extensions() {
	keys := slices.SortedFunc(maps.Keys(c.old.extensions), func(a, b extended) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.number, b.number))
	})
	for _, key := range keys {
		a := c.old.extensions[key]
		b, ok := c.new.extensions[key]
		what := fmt.Sprintf("extension %d of %s (%s)", key.number, key.name, a.desc.GetName())
		if !ok {
			c.add(a.in.place(a.desc), "proto-extension-removed", true, true, what+" is gone: each version reads the other's as unknown", "keep the extension with its number")
			continue
		}
		if a.desc.GetTypeName() != "" && b.desc.GetTypeName() != "" {
			c.types(b.in.place(b.desc), what, c.old.resolve(a.scope, a.desc.GetTypeName()), c.new.resolve(b.scope, b.desc.GetTypeName()))
			continue
		}
		c.scalars(b.in.place(b.desc), what, c.kind(c.old, a.scope, a.desc), c.kind(c.new, b.scope, b.desc))
	}
}

// removed reports messages that are gone and that nothing else explains: what a removed
// field or method used is reported there.
func (c *comparison) removed() {
	used := c.old.referenced()
	for _, name := range sorted(c.old.messages) {
		m := c.old.messages[name]
		_, there := c.new.messages[name]
		if there || c.taken[name] || used[name] || m.desc.GetOptions().GetMapEntry() || holdsOnly(m.desc) {
			continue
		}
		c.add(m.place(), "proto-message-removed", true, false,
			fmt.Sprintf("message %s is gone: what an old version writes as %s the new one cannot read", name, name),
			"keep the message until no host runs the old version and no queue holds one")
	}
}

// holdsOnly says whether a message is a mere name for what is declared inside it.
func holdsOnly(m *descriptorpb.DescriptorProto) bool {
	return len(m.GetField()) == 0 && len(m.GetNestedType())+len(m.GetEnumType()) > 0
}

func (c *comparison) services() {
	for _, name := range sorted(c.old.services) {
		a := c.old.services[name]
		b, ok := c.new.services[name]
		if !ok {
			c.add(a.place(), "proto-service-removed", true, false, "service "+name+" is gone: old clients call it",
				"keep it until no old client is left")
			continue
		}
		c.methods(a, b)
	}
	for _, name := range sorted(c.new.services) {
		if _, ok := c.old.services[name]; !ok && c.NewClients {
			c.add(c.new.services[name].place(), "proto-new-client-service", true, true,
				"service "+name+" is new: new clients that meet an old host do not find it", oldFirst)
		}
	}
}

const oldFirst = "let the old version serve it first, or let new clients do without it while both run"

func (c *comparison) methods(a, b service) {
	after := map[string]*descriptorpb.MethodDescriptorProto{}
	for _, m := range b.desc.GetMethod() {
		after[m.GetName()] = m
	}
	before := map[string]bool{}
	for _, m := range a.desc.GetMethod() {
		before[m.GetName()] = true
		n, ok := after[m.GetName()]
		full := a.name + "/" + m.GetName()
		if !ok {
			c.add(a.in.place(m), "proto-method-removed", true, false, "method "+full+" is gone: old clients call it",
				"keep it until no old client is left")
			continue
		}
		if m.GetClientStreaming() != n.GetClientStreaming() || m.GetServerStreaming() != n.GetServerStreaming() {
			c.add(b.in.place(n), "proto-method-streaming", true, c.NewClients, "method "+full+" streams where it did not, or the other way round",
				"add a second method beside it")
		}
		c.types(b.in.place(n), "request of "+full, c.old.resolve(a.name, m.GetInputType()), c.new.resolve(b.name, n.GetInputType()))
		c.types(b.in.place(n), "response of "+full, c.old.resolve(a.name, m.GetOutputType()), c.new.resolve(b.name, n.GetOutputType()))
	}
	for _, m := range b.desc.GetMethod() {
		if c.NewClients && !before[m.GetName()] {
			c.add(b.in.place(m), "proto-new-client-method", true, true,
				"method "+b.name+"/"+m.GetName()+" is new: new clients that meet an old host do not find it", oldFirst)
		}
	}
}

// types compares two named types. When both are in the files they are compared by what is
// in them, so that a rename alone is nothing on the wire.
func (c *comparison) types(at finding.Place, what, old, new string) {
	_, oldMessage := c.old.messages[old]
	_, newMessage := c.new.messages[new]
	_, oldEnum := c.old.enums[old]
	_, newEnum := c.new.enums[new]
	if oldMessage && newMessage || oldEnum && newEnum {
		c.push(old, new)
		return
	}
	if old != new {
		c.add(at, "proto-type-changed", true, true, fmt.Sprintf("%s was %s and is %s", what, old, new),
			"add a field or method beside it and leave the old one")
	}
}

func (c *comparison) add(at finding.Place, rule string, breaking, unsafe bool, what, mend string) {
	c.found = append(c.found, finding.Finding{
		Kind: finding.Proto, Place: at, Rule: rule, What: what, Mend: mend, Breaking: breaking, RollbackUnsafe: unsafe,
	})
}
