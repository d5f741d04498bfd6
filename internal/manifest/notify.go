package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// Channel is somebody who is told what a rollout does: a chat, or a system that keeps
// markers.
type Channel struct {
	Name     string // "": its kind, with a number when there are several
	Kind     string // one of Channels
	Events   []Event
	Template string
	Details
}

// Event is something that a channel can be told. The words are those of rollout.NoticeKind.
type Event string

// Events are all of them, in the order in which they can happen.
func Events() []Event {
	return []Event{"planned", "started", "stage entered", "stage left", "waiting", "promoted", "paused", "aborted",
		"restoring", "restored", "completed", "needs a person", "reminder"}
}

// ChannelKind is one kind of channel with all that it can be told.
type ChannelKind struct {
	Name     string
	Doc      string
	Settings []Setting
	// Either: exactly one of these settings is written.
	Either []string
	// With: a setting that needs another one.
	With map[string]string
}

// channels is the list of who is told.
func channels() shape[[]Channel] {
	s := repeatable(`a list such as [{slack: {webhook: "env:SLACK_WEBHOOK"}}]`, 0, channelObject().shape())
	return s
}

// channelObject is one channel: a mapping with its kind as the only key.
func channelObject() object[Channel] {
	o := object[Channel]{name: "channel", what: "a channel", one: true}
	for _, k := range Channels() {
		o.fields = append(o.fields, ofKind(k))
	}
	return o
}

// ofKind is the key of one kind.
func ofKind(k ChannelKind) field[Channel] {
	f := key(k.Name, func(c *Channel) *Channel { return c }, kindObject(k).shape(), k.Doc)
	write := f.write
	f.write = func(c *Channel) any {
		if c.Kind != k.Name {
			return nil
		}
		if m, ok := write(c).(yaml.MapSlice); ok && len(m) > 0 {
			return m
		}
		return yaml.MapSlice{}
	}
	return f
}

// kindObject is what a channel of a kind is told.
func kindObject(k ChannelKind) object[Channel] {
	o := object[Channel]{
		name: "notify-" + k.Name, what: "a mapping",
		fresh: func() Channel { return Channel{Kind: k.Name} },
		rule: func(r *reader, c *Channel, written keys) {
			exactlyOne(r, k.Either, written)
			needsOther(r, k.With, written)
			c.fill(k.Settings)
		},
		extend: func(s *jsonschema.Schema) { extendKind(s, k.Either, k.With) },
	}
	for _, s := range k.Settings {
		o.fields = append(o.fields, fieldOf(s, func(c *Channel) *Details { return &c.Details }))
	}
	o.fields = append(o.fields, channelFields()...)
	return o
}

// channelFields are the keys that channels of every kind have.
func channelFields() []field[Channel] {
	return []field[Channel]{
		key("name", func(c *Channel) *string { return &c.Name }, wordOf(channelName()),
			"What the channel is called in status and errors.").defaults("its kind"),
		key("events", func(c *Channel) *[]Event { return &c.Events }, events(),
			"What it is told of; nothing else reaches it.").defaults("what suits the kind").such([]string{"started", "completed", "needs a person"}),
		key("template", func(c *Channel) *string { return &c.Template }, wordOf(templateText()),
			"Text of a message instead of the standard one, as a Go text/template.").defaults("the standard text"),
	}
}

// events is a list of what happens.
func events() shape[[]Event] {
	s := repeatable("a list of events: "+eventNames(), 1, one("", Events()...))
	read, schema := s.read, s.schema
	s.read = func(r *reader, n ast.Node) ([]Event, bool) {
		all, ok := read(r, n)
		names := make([]string, len(all))
		for i, e := range all {
			names[i] = string(e)
		}
		return all, ok && r.once(n.(*ast.SequenceNode).Values, names)
	}
	s.schema = func(d *definitions) *jsonschema.Schema {
		of := schema(d)
		of.UniqueItems = true
		return of
	}
	return s
}

func eventNames() string {
	var names []string
	for _, e := range Events() {
		names = append(names, string(e))
	}
	return strings.Join(names, ", ")
}

// exactlyOne reports settings of which one, and one alone, must be written.
func exactlyOne(r *reader, names []string, written keys) {
	var found []string
	for _, name := range names {
		if written.has(name) {
			found = append(found, name)
		}
	}
	if len(names) == 0 || len(found) == 1 {
		return
	}
	message := r.subject() + " has none of " + strings.Join(names, ", ")
	if len(found) > 0 {
		message = fmt.Sprintf("%s has %s together", r.subject(), strings.Join(found, " and "))
	}
	r.problem(written.self, Problem{Message: message, Allowed: "exactly one of " + strings.Join(names, ", ")})
}

// needsOther reports a setting without the one that it needs.
func needsOther(r *reader, with map[string]string, written keys) {
	var names []string
	for name := range with {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if written.has(name) && !written.has(with[name]) {
			r.problem(written.node(name), Problem{Message: fmt.Sprintf("%s has %s and no %s", r.subject(), name, with[name]), Hint: "add " + with[name]})
		}
	}
}

// extendKind says the same in the schema.
func extendKind(s *jsonschema.Schema, either []string, with map[string]string) {
	for _, name := range either {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{name}})
	}
	for name, other := range with {
		if s.DependentRequired == nil {
			s.DependentRequired = map[string][]string{}
		}
		s.DependentRequired[name] = []string{other}
	}
}

// sameName reports two channels of one name that would be told of the same rollouts.
func sameName(r *reader, m *Manifest, _ keys) {
	first := map[string]bool{}
	for _, c := range m.Notify {
		first[c.Name] = c.Name != ""
	}
	twice := func(path string, all []Channel, seen map[string]bool) {
		own := map[string]bool{}
		for i, c := range all {
			if c.Name != "" && (own[c.Name] || seen[c.Name]) {
				r.problemAt(r.placeOf(fmt.Sprintf("%s[%d]", path, i)), Problem{
					Message: "two channels are called " + quotable(c.Name),
					Allowed: "names that differ, or none",
				})
			}
			own[c.Name] = true
		}
	}
	twice("notify", m.Notify, nil)
	for _, e := range m.Environments {
		twice("environments."+e.Name+".notify", e.Notify, first)
	}
}
