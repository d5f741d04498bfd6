package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiled is the schema as an independent validator reads it.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// instance is a file as the validator takes it; an error means that it cannot even
// be read as one YAML document that JSON could hold.
func instance(data []byte) (v any, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the YAML library gave up")
		}
	}()
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// TestSchema: the published schema is the one that the parser's table makes.
func TestSchema(t *testing.T) {
	t.Parallel()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/slipway.schema.json", append(text, '\n'))
	compiled(t)
}

// TestSchemaAgrees: schema and parser accept and refuse the same files, but for
// those that only the parser can see through.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for path, data := range valids(t) {
		v, err := instance(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: the parser takes it and the schema does not: %v", path, err)
		}
	}
	for _, w := range wrongs(t) {
		v, err := instance(w.file)
		switch {
		case err != nil && !w.parserOnly:
			t.Errorf("%s: cannot be read for the schema: %v", w.name, err)
		case err == nil && w.parserOnly && v != nil && s.Validate(v) != nil:
			t.Errorf("%s: the schema sees it too, and the file says that only the parser does: %v", w.name, s.Validate(v))
		case err == nil && !w.parserOnly && s.Validate(v) == nil:
			t.Errorf("%s: the parser refuses it and the schema takes it", w.name)
		}
	}
}
