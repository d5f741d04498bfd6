package manifest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse: whatever the bytes are, Parse ends, without a panic, in a manifest or in
// problems with places. What it takes the schema takes too, and printing and reading
// it changes nothing.
func FuzzParse(f *testing.F) {
	for _, data := range valids(f) {
		f.Add(data)
	}
	for _, w := range wrongs(f) {
		f.Add(w.file)
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(Name, data)
		if err != nil {
			var all *Errors
			if m != nil || !errors.As(err, &all) || len(all.Problems) == 0 {
				t.Fatalf("got %v and %v", m, err)
			}
			for _, p := range all.Problems {
				if p.Line < 1 || p.Column < 1 || p.Message == "" || strings.ContainsAny(p.Message, "\n\x1b") {
					t.Fatalf("not a problem for a person: %+v", p)
				}
			}
			return
		}
		out, err := m.YAML()
		if err != nil {
			t.Fatal(err)
		}
		same(t, m, out)
		if v, err := instance(data); err == nil && !reflect.ValueOf(v).IsZero() {
			if err := schema.Validate(v); err != nil {
				t.Fatalf("the parser takes it and the schema does not: %v", err)
			}
		}
	})
}
