//go:build lab

package matrix

import (
	"cmp"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/restore.md from what was found (MATRIX=all for all of it)")

const documentPath = "../../docs/restore.md"

// section is one table of the document.
type section struct {
	name  string // of its marks
	other string // head of the column of the other tool
	rows  []Row
}

func sections() []section {
	return []section{
		{"deb", "apt-get install of the old version", Debs()},
		{"tar.gz", "Capistrano", Tarballs()},
		{"real", "apt-get install of the old version", Reals()},
	}
}

// document is docs/restore.md.
type document struct {
	cells map[string][2]Cell
	fills map[string]string // by the name of their marks
}

func readDocument(t *testing.T) *document {
	t.Helper()
	text, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	return &document{Cells(string(text)), map[string]string{}}
}

// compare holds a table to what was found, or with -update makes it say that. Cases
// that were not done keep their cells.
func (d *document) compare(t *testing.T, s section, jobs []*job) {
	t.Helper()
	found := map[string][2]Cell{}
	for id, c := range d.cells {
		found[id] = c
	}
	for _, j := range jobs {
		if j.err != nil {
			continue // it has failed already
		}
		c := found[j.row.ID]
		at := 0
		if j.other {
			at = 1
		}
		if !*update && c[at] != j.cell() {
			t.Errorf("%s: it ends with %q, and docs/restore.md says %q; if that is better or explained, write it with -update", j, j.cell(), c[at])
		}
		c[at] = j.cell()
		found[j.row.ID] = c
	}
	var lines []Line
	for _, r := range s.rows {
		c := found[r.ID]
		lines = append(lines, Line{r, cmp.Or(c[0], None), cmp.Or(c[1], None)})
	}
	d.fills[s.name] = "\n" + Table(lines, s.other) + "\n" + s.counts(lines)
}

// counts says how many cases ended how.
func (s section) counts(lines []Line) string {
	var slipway, other []Cell
	for _, l := range lines {
		slipway, other = append(slipway, l.Slipway), append(other, l.Other)
	}
	text := "Slipway: " + Count(slipway) + "."
	if count := Count(other); count != "" {
		text += " " + s.other + ": " + count + "."
	}
	return text + "\n\n"
}

func (d *document) write(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	text, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	filled := string(text)
	for name, fill := range d.fills {
		if filled, err = Fill(filled, name, fill); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(documentPath, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
}
