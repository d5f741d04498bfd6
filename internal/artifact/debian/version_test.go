package debian_test

import (
	"os/exec"
	"testing"

	"pgregory.net/rapid"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
)

// pairs are versions with their order, from Debian's policy and from the corners of
// its algorithm.
var pairs = []struct {
	a, op, b string
}{
	{"1.0", "=", "1.0"}, {"1.0", "<", "1.1"}, {"1.9", "<", "1.10"}, {"1.0~rc1", "<", "1.0"}, {"1.0~~", "<", "1.0~"},
	{"1.0~~a", "<", "1.0~"}, {"1.0~", "<", "1.0"}, {"1.0", "<", "1.0a"}, {"1.0a", "<", "1.0+"}, {"1.0", "<", "1.0-1"},
	{"1.0", "=", "1.0-0"}, {"1.0-1", "<", "1.0-1.1"}, {"1.0-1~bpo1", "<", "1.0-1"}, {"1:0.1", ">", "9.9"}, {"0:1", "=", "1"},
	{"1.0-1", "<", "1.0-2"}, {"1.0.0", ">", "1.0"}, {"001", "=", "1"}, {"1.a", "<", "1.b"}, {"1.Z", "<", "1.a"},
	{"1.0-1-1", ">", "1.0-1"}, {"1:1:2-1", ">", "1:1-1"}, {"1.2.3~beta+git1", "<", "1.2.3"}, {"1.4.0+3.g1a2b3c4", ">", "1.4.0"},
	{"20991231999999999999999999", ">", "20991231999999999999999998"}, {"2.7+deb12u1", "<", "2.7+deb12u2"},
}

func TestCompare(t *testing.T) {
	t.Parallel()
	want := map[string]int{"<": -1, "=": 0, ">": 1}
	for _, p := range pairs {
		if got := debian.Compare(p.a, p.b); got != want[p.op] {
			t.Errorf("Compare(%q, %q) = %d, want %s", p.a, p.b, got, p.op)
		}
		if got := debian.Compare(p.b, p.a); got != -want[p.op] {
			t.Errorf("Compare(%q, %q) = %d, want not %s", p.b, p.a, got, p.op)
		}
	}
}

// versions draws what policy allows, with the characters that matter drawn often.
func versions() *rapid.Generator[string] {
	return rapid.StringMatching(`([0-3]:)?[0-9][0-9ab~+.-]{0,7}(-[0-9a~+.]{1,4})?`).Filter(func(s string) bool {
		_, err := debian.ParseVersion(s)
		return err == nil
	})
}

// TestCompareLikeDpkg asks dpkg about pairs that a machine makes up.
func TestCompareLikeDpkg(t *testing.T) {
	t.Parallel()
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("there is no dpkg here to compare with")
	}
	ask := func(a, op, b string) bool {
		err := exec.Command(dpkg, "--compare-versions", a, op, b).Run()
		return err == nil
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := versions().Draw(t, "a"), versions().Draw(t, "b")
		op := map[int]string{-1: "lt", 0: "eq", 1: "gt"}[debian.Compare(a, b)]
		if !ask(a, op, b) {
			t.Fatalf("dpkg does not find %q %s %q", a, op, b)
		}
	})
	for _, p := range pairs {
		if !ask(p.a, p.op, p.b) {
			t.Errorf("dpkg does not find %q %s %q", p.a, p.op, p.b)
		}
	}
}

func TestOrderIsTotal(t *testing.T) {
	t.Parallel()
	any := rapid.OneOf(versions(), rapid.StringN(0, 6, -1))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := any.Draw(t, "a"), any.Draw(t, "b"), any.Draw(t, "c")
		if debian.Compare(a, a) != 0 {
			t.Fatalf("%q is not equal to itself", a)
		}
		if debian.Compare(a, b) != -debian.Compare(b, a) {
			t.Fatalf("%q and %q: not the opposite when turned round", a, b)
		}
		if debian.Compare(a, b) <= 0 && debian.Compare(b, c) <= 0 && debian.Compare(a, c) > 0 {
			t.Fatalf("%q <= %q <= %q, but not %q <= %q", a, b, c, a, c)
		}
	})
}

func TestParseVersionBad(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"":                `version "": it is empty`,
		":1":              `version ":1": the epoch before ':' is empty`,
		"a:1":             `version "a:1": the epoch "a" is not a number`,
		"-1:1":            `version "-1:1": the epoch "-1" is not a number`,
		"2147483648:1":    `version "2147483648:1": the epoch "2147483648" is larger than 2147483647`,
		"1:":              `version "1:": it is empty`,
		"1-":              `version "1-": the revision after the last '-' is empty`,
		"-1":              `version "-1": it is empty`,
		"v1.0":            `version "v1.0": it does not start with a digit`,
		"1.0_1":           `version "1.0_1": "_" is not allowed in it; letters, digits and . - + ~ : are`,
		"1.0 ":            `version "1.0 ": " " is not allowed in it; letters, digits and . - + ~ : are`,
		"1.0é":            `version "1.0é": "é" is not allowed in it; letters, digits and . - + ~ : are`,
		"1.0-1:2":         `version "1.0-1:2": the epoch "1.0-1" is not a number`,
		"1.0-a$":          `version "1.0-a$": "$" is not allowed in the revision; letters, digits and . + ~ are`,
		"1;rm -rf /":      `version "1;rm -rf /": ";" is not allowed in it; letters, digits and . - + ~ : are`,
		"1.0\n":           `version "1.0\n": "\n" is not allowed in it; letters, digits and . - + ~ : are`,
		"0:1:1.0-1:2\x00": `version "0:1:1.0-1:2\x00": ":" is not allowed in the revision; letters, digits and . + ~ are`,
	} {
		if _, err := debian.ParseVersion(in); err == nil || err.Error() != says {
			t.Errorf("\nsays %v\nwant %s", err, says)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, p := range pairs {
		f.Add(p.a)
	}
	f.Add("1:2-3-\xff")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := debian.ParseVersion(s)
		if err != nil {
			return
		}
		again, err := debian.ParseVersion(v.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", s, v, err)
		}
		if again.Compare(v) != 0 {
			t.Fatalf("%q is written as %q, which is another", s, v)
		}
	})
}
