package runbook_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

var update = flag.Bool("update", false, "write the golden files")

// TestShapes: documents in the shapes that people write are read as a person reads them,
// and nothing is said against them.
func TestShapes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "shapes", "*.md"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			doc := parse(t, file)
			golden(t, strings.TrimSuffix(file, ".md")+".golden", describe(doc))
			for _, f := range runbook.Lint(doc, facts()) {
				t.Errorf("false alarm: %s:%s", file, f)
			}
			for _, r := range runbook.Roles() {
				if len(doc.Of(r)) == 0 || len(doc.Steps(r)) == 0 {
					t.Errorf("no %s", r)
				}
			}
		})
	}
}

func parse(t testing.TB, file string) *runbook.Document {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := runbook.Parse(filepath.Base(file), data)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", file, got, want)
	}
}

// describe is a document as a page: sections with their roles, then the steps of each role.
func describe(doc *runbook.Document) string {
	var b strings.Builder
	for _, s := range doc.Sections {
		if s.Level == 0 && s.Empty {
			continue
		}
		fmt.Fprintf(&b, "%-7s %d %s %q\n", s.At, s.Level, roles(s), s.Title)
	}
	for _, r := range runbook.Roles() {
		fmt.Fprintf(&b, "\n%s\n", r)
		for _, s := range doc.Steps(r) {
			fmt.Fprintf(&b, "%s %s\n", s.At, s.Text)
			for _, c := range s.Code {
				told := "mentions"
				if c.Told {
					told = "run"
				}
				fmt.Fprintf(&b, "  %s %s: %s\n", c.At, told, strings.ReplaceAll(c.Text, "\n", "\n    "))
			}
		}
	}
	return b.String()
}

func roles(s runbook.Section) string {
	if len(s.Roles) == 0 {
		return "-"
	}
	return strings.Join(strings.Fields(fmt.Sprint(s.Roles)), "+")
}
