package runbook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-deploy/slipway/internal/runbook"
)

// FuzzParse: any text is read, every place is one in it, and what can be done with a
// runbook can be done with this one.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "shapes", "*.md"))
	if err != nil || len(files) == 0 {
		f.Fatal("no documents", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.ToValidUTF8(string(data[:min(len(data), 500)]), ""))
	}
	f.Add(walkable)
	f.Add("---\na: b\n---\n# Deploy\n\n<h2>Rollback</h2>\n<pre>$ slipway x <<EOF</pre>\n<!-- slipway: allow a -->")
	f.Add("# A\r\n\r\n```\r\nslipway 'x\\\r\n```\r\n|a|`b \\| c`|\n|-|-|\n|`ssh <h> $(`|{{host}}|")
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := runbook.Parse("RUNBOOK.md", []byte(text))
		if err != nil {
			return
		}
		lines := strings.Split(text, "\n")
		in := func(what string, p runbook.Position) {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%s is at %s", what, p)
			}
		}
		for _, s := range doc.Sections {
			in("section", s.At)
			for _, step := range s.Steps {
				in("step", step.At)
				for _, c := range step.Code {
					in("code", c.At)
					for _, command := range c.Commands {
						for _, w := range command.Words {
							in("word "+w.Text, w.At)
						}
					}
				}
			}
		}
		for _, finding := range runbook.Lint(doc, facts()) {
			in(finding.Rule, finding.At)
		}
		v := runbook.Values{Hosts: []string{"a", "b"}, Version: "1"}
		for _, r := range runbook.Roles() {
			runbook.Walk(doc, r, v)
			if source := doc.Source(r); !utf8.ValidString(runbook.Fill(source, v)) {
				t.Error("it is no text when it is filled in")
			}
		}
	})
}
