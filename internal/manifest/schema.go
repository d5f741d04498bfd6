package manifest

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// schemaID is where the schema is published.
const schemaID = "https://slipway-deploy.github.io/slipway/slipway.schema.json"

// definitions collects the objects that the schema names.
type definitions struct {
	all jsonschema.Definitions
}

// Schema is the JSON Schema (2020-12) of the file. It allows what Parse allows, but
// for what a schema cannot see; those rules are listed in docs/manifest.md.
func Schema() ([]byte, error) {
	d := &definitions{all: jsonschema.Definitions{}}
	root := manifestObject()
	s := root.body(d)
	s.Version = jsonschema.Version
	s.ID = schemaID
	s.Title = Name
	s.Description = "How a service is built, where it goes, and in which stages a release reaches it."
	s.Definitions = d.all
	return json.MarshalIndent(s, "", "  ")
}

// schema names the object in the definitions and refers to it.
func (o object[T]) schema(d *definitions) *jsonschema.Schema {
	if _, ok := d.all[o.name]; !ok {
		d.all[o.name] = &jsonschema.Schema{}
		d.all[o.name] = o.body(d)
	}
	return &jsonschema.Schema{Ref: "#/$defs/" + o.name}
}

// body is the schema of the object itself.
func (o object[T]) body(d *definitions) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, f := range o.fields {
		of := f.schema(d)
		of.Description = f.doc
		if f.standard != "" {
			of.Description += " Default: " + f.standard + "."
		}
		if f.example != nil {
			of.Examples = []any{f.example}
		}
		s.Properties.Set(f.name, of)
		if f.must {
			s.Required = append(s.Required, f.name)
		}
	}
	if o.one {
		s.MinProperties, s.MaxProperties = new(uint64(1)), new(uint64(1))
	}
	if o.extend != nil {
		o.extend(s)
	}
	if o.empty {
		// A stage may be written as "- complete:", which is null in YAML.
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}}
	}
	return s
}
