package matrix

import (
	"strings"
	"testing"
)

// TestHonest holds the judge of Slipway's claims to what is a lie and what is not.
func TestHonest(t *testing.T) {
	t.Parallel()
	changed := []Difference{{"file /etc/checkout/a.conf", "x", "y"}}
	for name, c := range map[string]struct {
		result Result
		wrong  string
	}{
		"restored":                {Result{Claim: Claim{Done: true}}, ""},
		"says so and is not":      {Result{Claim: Claim{Done: true}, Differences: changed}, "it is not"},
		"names it":                {Result{Claim: Claim{Items: []string{"file /etc/checkout/a.conf: x -> y"}}, Differences: changed}, ""},
		"names another":           {Result{Claim: Claim{Items: []string{"file /etc/checkout/b.conf: x -> y"}}, Differences: changed}, "does not name"},
		"says nothing":            {Result{Differences: changed}, "nor says why"},
		"never began, and why":    {Result{Claim: Claim{Why: "checkout 1.0.0 is nowhere"}, Differences: changed}, ""},
		"names the whole release": {Result{Claim: Claim{Items: []string{"release 1.1.0: false -> true"}}, Differences: []Difference{{"file /opt/checkout/releases/1.1.0/x", "", "y"}}}, ""},
	} {
		if got := c.result.Honest(); (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %q, want %q", name, got, c.wrong)
		}
	}
}

// TestCells that a table is read as it was written, with nothing in it that changes
// from run to run.
func TestCells(t *testing.T) {
	t.Parallel()
	r := Result{Claim: Claim{Done: true}, Differences: []Difference{
		{Item: "file /opt/checkout/releases/20261128171829"}, {Item: "package a|b"}, {Item: "unit c"}, {Item: "unit d"},
	}}
	row := Row{ID: "one", Changed: "nothing", Fails: "nothing"}
	person := Result{Claim: Claim{Items: []string{"file /x: sha256:" + strings.Repeat("a", 64) + " -> none"}}}
	text := Table([]Line{{row, person.OfSlipway(), r.OfOther()}}, "another")
	cells := Cells("before\n" + text + "after\n")
	if got := cells["one"]; got[0] != "needs a person: file /x: DIGEST -> none" || got[1] != "differs: file /opt/checkout/releases/TIME; package a/b; unit c; and 1 more" {
		t.Errorf("%q from\n%s", got, text)
	}
	if got := Count([]Cell{"restored; stays: x", "restored", None, "differs: y"}); got != "1 differs, 2 restored" {
		t.Errorf("counted %q", got)
	}
}

// TestRows that ids are unique, and that there are enough of them.
func TestRows(t *testing.T) {
	t.Parallel()
	seen, daily := map[string]bool{}, 0
	for _, r := range append(append(append(Debs(), Tarballs()...), Reals()...), Rows(Commands())...) {
		if seen[r.ID] || strings.ContainsAny(r.ID+r.Changed+r.Fails, "|\n") {
			t.Errorf("row %q is there twice, or has what no table can have", r.ID)
		}
		seen[r.ID] = true
		if r.Daily() {
			daily++
		}
	}
	if daily < 40 {
		t.Errorf("%d of %d cases are done every time", daily, len(seen))
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	document := "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n"
	got, err := Fill(document, "x", "new\n")
	if err != nil || got != strings.Replace(document, "old", "new", 1) {
		t.Errorf("%q: %v", got, err)
	}
	if _, err := Fill(document, "y", ""); err == nil {
		t.Error("a mark that is not there is filled")
	}
}
