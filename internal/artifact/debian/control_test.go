package debian_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

func TestParseControl(t *testing.T) {
	t.Parallel()
	c, err := debian.ParseControl([]byte("\nPackage: a1\nDescription:  short \n long\n .\n  indented\nX:\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := debian.Control{{"Package", "a1"}, {"Description", "short\nlong\n.\n indented"}, {"X", ""}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %q", c)
	}
	if c.Value("package") != "a1" || c.Value("None") != "" {
		t.Error("Value")
	}
}

func TestParseControlBad(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"":                      "it is empty",
		"\n\n":                  "it is empty",
		"a":                     `line 1: "a" is no field; a field is Name: value`,
		": x":                   "line 1: a field without a name",
		"-a: x":                 `line 1: field name "-a" starts with "-"`,
		"#a: x":                 `line 1: field name "#a" starts with "#"`,
		"a b: x":                `line 1: field name "a b" holds a blank or a character that is not ASCII`,
		"A: 1\na: 2":            `line 2: field "a" is there twice`,
		"A: 1\n\nB: 2":          "line 3: a second paragraph; a control file has one",
		"\n b":                  "line 2: it goes on with a field, but none has begun",
		"A: 1\nB: \x00":         "line 2: it holds a byte that is not text in UTF-8",
		strings.Repeat("x", 99): `line 1: "` + strings.Repeat("x", 60) + `..." is no field; a field is Name: value`,
	} {
		if _, err := debian.ParseControl([]byte(in)); err == nil || err.Error() != says {
			t.Errorf("%q\nsays %v\nwant %s", in, err, says)
		}
	}
}

func TestCheckPackageName(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"ab", "0ad", "libstdc++6", "a.b-c"} {
		if err := debian.CheckPackageName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "a", "-a", "Ab", "a b", "a_b", "a/b", "../x", "a\n", "é1"} {
		if debian.CheckPackageName(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add([]byte("Package: a\nDescription: b\n c\n"))
	f.Add([]byte("A: 1\n\nB: 2"))
	f.Add([]byte(" \xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := debian.ParseControl(b)
		if err != nil {
			return
		}
		var out strings.Builder
		for _, field := range c {
			out.WriteString(field.Name + ": " + strings.ReplaceAll(field.Value, "\n", "\n ") + "\n")
		}
		again, err := debian.ParseControl([]byte(out.String()))
		if err != nil || len(again) != len(c) {
			t.Fatalf("%q is written as %q: %v", b, out.String(), err)
		}
	})
}
