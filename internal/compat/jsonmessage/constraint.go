package jsonmessage

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

// bound is a keyword whose number may only be looser at the reader's.
type bound struct {
	keyword string
	lower   bool
	of      string // the type it is about
}

var bounds = []bound{
	{"minLength", true, "string"}, {"maxLength", false, "string"},
	{"minItems", true, "array"}, {"maxItems", false, "array"},
	{"minProperties", true, "object"}, {"maxProperties", false, "object"},
}

// constraints compares the keywords of each type that the writer may write.
func (w *walk) constraints(writer, reader schema, where string) {
	types := writer.types()
	if reader.values() != nil {
		w.unlisted(writer, reader, types, where)
	}
	for _, b := range bounds {
		if slices.Contains(types, b.of) {
			w.bound(writer, reader, b, where)
		}
	}
	if slices.Contains(types, "number") || slices.Contains(types, "integer") {
		w.numbers(writer, reader, where)
	}
	if slices.Contains(types, "string") {
		w.same(writer, reader, "pattern", where)
		w.same(writer, reader, "format", where)
	}
	if slices.Contains(types, "array") {
		w.array(writer, reader, where)
	}
	if slices.Contains(types, "object") {
		w.object(writer, reader, where)
	}
}

// unlisted: the reader has a list and the writer none; a boolean has its two values anyway.
func (w *walk) unlisted(writer, reader schema, types []string, where string) {
	for _, t := range types {
		if t == "null" && contains(reader.values(), &document.Node{Kind: document.Null}) {
			continue
		}
		if t == "boolean" && contains(reader.values(), boolean("true")) && contains(reader.values(), boolean("false")) {
			continue
		}
		w.add(writer, reader, "enum", where, "it may be any %s, the reader takes only %s", t, list(reader.values()))
		return
	}
}

func boolean(text string) *document.Node { return &document.Node{Kind: document.Bool, Text: text} }

func list(values []*document.Node) string {
	return (&document.Node{Kind: document.List, Items: values}).String()
}

func (w *walk) bound(writer, reader schema, b bound, where string) {
	limit, ok := reader.number(b.keyword)
	if !ok || b.lower && limit <= 0 {
		return
	}
	mine, has := writer.number(b.keyword)
	if !has || b.lower && mine < limit || !b.lower && mine > limit {
		w.add(writer, reader, b.keyword, where, "the reader's %s is %s, the writer's is %s", b.keyword, reader.node.Field(b.keyword), writer.node.Field(b.keyword))
	}
}

// limit gives a number's bound, and whether the bound itself is left out. Draft 4 wrote
// exclusiveMinimum as a boolean beside minimum.
func (s schema) limit(plain, exclusive string) (value float64, open, ok bool) {
	value, ok = s.number(plain)
	if n := s.node.Field(exclusive); n != nil && n.Kind == document.Bool {
		return value, n.Text == "true", ok
	}
	e, has := s.number(exclusive)
	lower := strings.HasSuffix(plain, "minimum")
	if has && (!ok || lower && e >= value || !lower && e <= value) {
		return e, true, true
	}
	return value, false, ok
}

// whole gives the first whole number within a bound: for integers above 0 is from 1.
func whole(limit float64, open bool, keyword string) (float64, bool) {
	step, rounded := 1.0, math.Ceil(limit)
	if keyword == "maximum" {
		step, rounded = -1, math.Floor(limit)
	}
	if open && rounded == limit {
		rounded += step
	}
	return rounded, false
}

func (w *walk) numbers(writer, reader schema, where string) {
	for _, pair := range [][2]string{{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}} {
		limit, open, ok := reader.limit(pair[0], pair[1])
		if !ok {
			continue
		}
		mine, mineOpen, has := writer.limit(pair[0], pair[1])
		if slices.Equal(writer.types(), []string{"integer"}) {
			limit, open = whole(limit, open, pair[0])
			mine, mineOpen = whole(mine, mineOpen, pair[0])
		}
		beyond := pair[0] == "minimum" && mine < limit || pair[0] == "maximum" && mine > limit
		if !has || beyond || mine == limit && open && !mineOpen {
			keyword := pair[0]
			if open && reader.has(pair[1]) {
				keyword = pair[1]
			}
			w.add(writer, reader, keyword, where, "the reader's %s is %s, the writer's is %s", keyword, reader.node.Field(keyword), writer.node.Field(keyword))
		}
	}
	step, ok := reader.number("multipleOf")
	mine, has := writer.number("multipleOf")
	if ok && step > 0 && (!has || mine/step != float64(int64(mine/step))) {
		w.add(writer, reader, "multipleOf", where, "the reader takes multiples of %s, the writer's multipleOf is %s", reader.node.Field("multipleOf"), writer.node.Field("multipleOf"))
	}
}

// same is for keywords that are right only when both have the same or the reader none.
func (w *walk) same(writer, reader schema, keyword, where string) {
	limit, mine := reader.node.Field(keyword), writer.node.Field(keyword)
	if limit == nil || document.Equal(limit, mine) {
		return
	}
	if mine != nil {
		w.unsure(writer, reader, keyword, where, "%s is %s at the writer's and %s at the reader's", keyword, mine, limit)
		return
	}
	w.add(writer, reader, keyword, where, "the reader asks for %s %s, the writer for none", keyword, limit)
}

func (w *walk) array(writer, reader schema, where string) {
	mine, mineRest := writer.positions()
	theirs, theirRest := reader.positions()
	for i := range max(len(mine), len(theirs)) {
		w.accept(at(mine, mineRest, i), at(theirs, theirRest, i), fmt.Sprintf("%s[%d]", where, i))
	}
	w.accept(mineRest, theirRest, where+"[]")
	if v := reader.node.Field("uniqueItems"); v != nil && v.Text == "true" {
		if m := writer.node.Field("uniqueItems"); m == nil || m.Text != "true" {
			w.add(writer, reader, "uniqueItems", where, "the reader takes no item twice, the writer may write one")
		}
	}
}

// positions gives the schemas of the first items one by one and that of all others: items
// was both before prefixItems came.
func (s schema) positions() (first []schema, rest schema) {
	if n := s.node.Field("items"); n != nil && n.Kind == document.List {
		return s.list("items"), s.sub("additionalItems")
	}
	return s.list("prefixItems"), s.sub("items")
}

func at(first []schema, rest schema, i int) schema {
	if i < len(first) {
		return first[i]
	}
	return rest
}

// listed checks each value that the writer's enum or const has.
func (w *walk) listed(writer, reader schema, values []*document.Node, where string) {
	for _, v := range values {
		if v.Kind == document.Map || v.Kind == document.List {
			if reader.values() == nil || !contains(reader.values(), v) {
				w.unsure(writer, reader, "enum", where, "values that are objects or arrays are not followed")
			}
			continue
		}
		if takes(reader.declaredTypes(), typeOf(v)) && !reader.takesValue(v) {
			w.add(writer, reader, "enum", where, "it may be %s, which the reader refuses", v)
		}
	}
}

// takesValue checks a scalar against a reader's keywords.
func (s schema) takesValue(v *document.Node) bool {
	if values := s.values(); values != nil && !contains(values, v) {
		return false
	}
	switch v.Kind {
	case document.Number:
		x, err := strconv.ParseFloat(v.Text, 64)
		return err == nil && s.within(x)
	case document.String:
		length := float64(utf8.RuneCountInString(v.Text))
		if low, ok := s.number("minLength"); ok && length < low {
			return false
		}
		if high, ok := s.number("maxLength"); ok && length > high {
			return false
		}
		if p := s.node.Field("pattern"); p != nil {
			re, err := regexp.Compile(p.Text)
			return err != nil || re.MatchString(v.Text)
		}
	}
	return true
}

func (s schema) within(x float64) bool {
	if low, open, ok := s.limit("minimum", "exclusiveMinimum"); ok && (x < low || open && x == low) {
		return false
	}
	high, open, ok := s.limit("maximum", "exclusiveMaximum")
	return !ok || x < high || !open && x == high
}
