package document_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a.json": "{\"a\": 1,\n  \"b\": [\n    {\"c\": \"é\", \"d\": null}\n  ]\n}",
		"a.yaml": "\"a\": 1\n\n\n  # none\n",
	} {
		root, err := document.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if name == "a.yaml" {
			continue
		}
		d := root.Field("b").Items[0].Fields[1]
		if d.Key != "d" || d.Line != 3 || d.Column != 16 || d.Value.Kind != document.Null {
			t.Errorf("got %+v", d)
		}
	}
	root, err := document.Parse("a.yml", []byte("base: &b {x: 1}\nuse:\n  <<: *b\n  y: [true, 1.5]\n"))
	if err != nil {
		t.Fatal(err)
	}
	use := root.Field("use")
	if use.Field("x").Text != "1" || use.Field("y").Items[1].Text != "1.5" || use.Field("y").Line != 4 {
		t.Errorf("got %+v", use)
	}
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a.json", "{\"a\": 1,\n \"b\" 2}", "a.json:2:6: "},
		{"a.json", "[1, 2", "a.json:1:6: "},
		{"a.json", "{} {}", "a.json:1:4: text after the end"},
		{"a.json", strings.Repeat("[", 300), "nested deeper"},
		{"a.yaml", "a: [1\nb: 2", "a.yaml:"},
		{"a.yaml", "a: *nothing", "alias of an anchor"},
	} {
		_, err := document.Parse(c.name, []byte(c.text))
		if e, ok := errors.AsType[*document.Error](err); !ok || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a.json", []byte(`{"a": [1, "x", null, {"b": true}]}`))
	f.Add("a.yaml", []byte("a: &x [1]\nb: *x\n<<: {c: 1}\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if len(name) > 20 {
			return
		}
		n, err := document.Parse(name, text)
		if err != nil {
			if _, ok := errors.AsType[*document.Error](err); !ok {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		if !document.Equal(n, n) {
			t.Errorf("a document is not equal to itself: %q", text)
		}
		if strings.HasSuffix(name, ".json") && n.Kind != document.Null && !json.Valid(trim(text)) {
			t.Errorf("taken for JSON: %q", text)
		}
	})
}

func trim(text []byte) []byte { return []byte(strings.TrimPrefix(string(text), "\ufeff")) }
