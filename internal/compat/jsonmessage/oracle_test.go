package jsonmessage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/compat/jsonmessage"
)

// TestValidatorAgrees draws pairs of schemas and messages: a message that the writer's
// schema takes must be taken by the reader's when nothing was found, by the word of a real
// validator.
func TestValidatorAgrees(t *testing.T) {
	t.Parallel()
	judged, passed := 0, 0
	for range 10 { // times the number of draws that rapid is told
		rapid.Check(t, func(t *rapid.T) { judge(t, &judged, &passed) })
	}
	if passed < judged/20 {
		t.Errorf("only %d of %d pairs passed: the test says little", passed, judged)
	}
}

func judge(t *rapid.T, judged, passed *int) {
	writer := drawSchema(t, 2)
	reader := writer
	switch rapid.IntRange(0, 4).Draw(t, "pair") {
	case 0:
		reader = drawSchema(t, 2)
	case 1:
		reader = change(t, writer)
	default: // the writer is the looser one
		writer = change(t, reader)
	}
	found, err := jsonmessage.Compare(tree(t, writer), tree(t, reader), "m.json", jsonmessage.Flow{NewReadsOld: true})
	if err != nil {
		t.Fatal(err)
	}
	*judged++
	if len(found) > 0 {
		return
	}
	*passed++
	takesWriter, takesReader := validator(t, writer), validator(t, reader)
	for range 30 {
		m := drawMessage(t, writer, 3)
		if takesWriter.Validate(m) == nil {
			if err := takesReader.Validate(m); err != nil {
				t.Fatalf("nothing was found and the reader refuses %v: %v\nwriter %v\nreader %v", m, err, writer, reader)
			}
		}
	}
}

func tree(t *rapid.T, schema any) fstest.MapFS {
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"m.json": {Data: text}}
}

func validator(t *rapid.T, schema any) *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	text, _ := json.Marshal(schema)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("m.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("m.json")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

type object = map[string]any

var names = []string{"a", "b", "c"}

// drawSchema draws from the part of JSON Schema that is followed.
func drawSchema(t *rapid.T, depth int) object {
	s := object{}
	kinds := []string{"string", "integer", "number", "boolean", "enum", "array", "object", "union", "either"}
	if depth == 0 {
		kinds = kinds[:5]
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "string":
		s["type"] = "string"
		maybe(t, s, "minLength", 0, 3)
		maybe(t, s, "maxLength", 2, 5)
	case "integer", "number":
		s["type"] = kind
		maybe(t, s, "minimum", -2, 2)
		maybe(t, s, "maximum", 1, 4)
		maybe(t, s, "exclusiveMinimum", -3, 1)
		maybe(t, s, "exclusiveMaximum", 2, 5)
		maybe(t, s, "multipleOf", 1, 4)
	case "boolean":
		s["type"] = "boolean"
	case "enum":
		s["enum"] = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "zz"}), 1, 3, rapid.ID).Draw(t, "values")
	case "array":
		s["type"], s["items"] = "array", drawSchema(t, depth-1)
		maybe(t, s, "minItems", 0, 2)
		maybe(t, s, "maxItems", 1, 3)
		if rapid.Bool().Draw(t, "tuple") {
			s["prefixItems"] = []any{drawSchema(t, depth-1)}
		}
	case "object":
		drawObject(t, s, depth)
	case "union":
		s["type"] = []string{rapid.SampledFrom([]string{"string", "integer"}).Draw(t, "first"), "null"}
	case "either":
		s[rapid.SampledFrom([]string{"anyOf", "oneOf"}).Draw(t, "word")] = []any{drawSchema(t, depth-1), drawSchema(t, depth-1)}
	}
	return s
}

func drawObject(t *rapid.T, s object, depth int) {
	s["type"] = "object"
	properties := object{}
	for _, n := range names {
		if rapid.Bool().Draw(t, "has "+n) {
			properties[n] = drawSchema(t, depth-1)
		}
	}
	s["properties"] = properties
	required := []string{}
	for _, n := range slices.Sorted(maps.Keys(properties)) {
		if rapid.Bool().Draw(t, "requires") {
			required = append(required, n)
		}
	}
	s["required"] = required
	switch rapid.IntRange(0, 2).Draw(t, "others") {
	case 0:
		s["additionalProperties"] = false
	case 1:
		s["additionalProperties"] = drawSchema(t, 0)
	}
	if rapid.Bool().Draw(t, "parts") {
		s["allOf"] = []any{object{"minProperties": rapid.IntRange(0, 2).Draw(t, "minProperties")}}
	}
}

func maybe(t *rapid.T, s object, key string, low, high int) {
	if rapid.IntRange(0, 3).Draw(t, "with "+key) == 0 {
		s[key] = rapid.IntRange(low, high).Draw(t, key)
	}
}

// change takes keywords out or moves bounds by one, so that pairs are near.
func change(t *rapid.T, s object) object {
	out := object{}
	for k, v := range s {
		out[k] = v
	}
	if p, ok := s["properties"].(object); ok && len(p) > 0 && rapid.Bool().Draw(t, "inside") {
		properties := object{}
		for _, k := range slices.Sorted(maps.Keys(p)) {
			switch rapid.IntRange(0, 3).Draw(t, "do with "+k) {
			case 0: // gone
			case 1:
				properties[k] = change(t, p[k].(object))
			default:
				properties[k] = p[k]
			}
		}
		out["properties"] = properties
		return out
	}
	for _, key := range []string{"minLength", "maxLength", "minimum", "maximum", "required", "additionalProperties", "items", "enum", "maxItems", "multipleOf", "allOf", "exclusiveMinimum"} {
		if _, ok := out[key]; ok && rapid.Bool().Draw(t, "drop "+key) {
			delete(out, key)
		} else if n, ok := out[key].(int); ok && rapid.Bool().Draw(t, "shift "+key) {
			out[key] = max(1, n+rapid.SampledFrom([]int{-1, 1}).Draw(t, "by"))
		}
	}
	if n, ok := out["minimum"].(int); ok && rapid.Bool().Draw(t, "exclude") {
		delete(out, "minimum")
		out["exclusiveMinimum"] = n
	}
	return out
}

// drawMessage draws what the schema is about, right or nearly; a writer writes nothing
// that its schema does not declare.
func drawMessage(t *rapid.T, s object, depth int) any {
	for _, key := range []string{"anyOf", "oneOf"} {
		if branches, ok := s[key].([]any); ok {
			return drawMessage(t, rapid.SampledFrom(branches).Draw(t, key).(object), depth)
		}
	}
	if values, ok := s["enum"].([]string); ok {
		return rapid.SampledFrom(values).Draw(t, "value")
	}
	switch kind := s["type"].(type) {
	case []string:
		return drawMessage(t, object{"type": rapid.SampledFrom(kind).Draw(t, "type")}, depth)
	case string:
		return drawOf(t, s, kind, depth)
	}
	return "anything"
}

func drawOf(t *rapid.T, s object, kind string, depth int) any {
	switch kind {
	case "string":
		return rapid.StringMatching(`[xyz]{0,6}`).Draw(t, "text")
	case "integer":
		return json.Number(fmt.Sprint(rapid.IntRange(-4, 6).Draw(t, "number")))
	case "number":
		return json.Number(fmt.Sprint(float64(rapid.IntRange(-8, 12).Draw(t, "half")) / 2))
	case "boolean":
		return rapid.Bool().Draw(t, "truth")
	case "array":
		out := []any{}
		first, _ := s["prefixItems"].([]any)
		for i := range rapid.IntRange(0, 3).Draw(t, "length") {
			item, _ := s["items"].(object)
			if i < len(first) {
				item = first[i].(object)
			}
			out = append(out, drawMessage(t, item, depth-1))
		}
		return out
	case "object":
		return drawFields(t, s, depth)
	}
	return nil
}

func drawFields(t *rapid.T, s object, depth int) any {
	out := object{}
	properties, _ := s["properties"].(object)
	for _, n := range slices.Sorted(maps.Keys(properties)) {
		if rapid.Bool().Draw(t, "write "+n) {
			out[n] = drawMessage(t, properties[n].(object), depth-1)
		}
	}
	if more, ok := s["additionalProperties"].(object); ok && rapid.Bool().Draw(t, "write others") {
		out["other"] = drawMessage(t, more, depth-1)
	}
	return out
}
