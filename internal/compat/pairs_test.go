package compat_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/slipway-deploy/slipway/internal/compat"
)

var update = flag.Bool("update", false, "rewrite the findings of the pairs and the table in docs/compat.md")

// pair is one file of testdata/pairs: the contract of two versions and the known answer,
// which is written by hand and which -update never touches.
type pair struct {
	kind, name, file string
	archive          *txtar.Archive
	old, new         compat.Tree
	spec             compat.Spec
	breaking, unsafe bool
	want             string
}

// wireSpec is spec.json of a pair.
type wireSpec struct {
	OpenAPI []struct {
		Files      []string
		NewClients bool `json:"new_clients"`
	}
	Proto []struct {
		Files []string
		JSON  bool
	}
	JSONSchema []compat.Messages `json:"json_schema"`
	Avro       []compat.Messages
	Migrations []compat.Migrations
	Running    []string
	OldVersion string `json:"old_version"`
}

// defaults say what is looked for where a pair has no spec.json.
var defaults = map[string]compat.Spec{
	"openapi":     {OpenAPI: []compat.OpenAPI{{Files: []string{"api.yaml"}}}},
	"proto":       {Proto: []compat.Proto{{Files: []string{"**/*.proto"}}}},
	"json-schema": {JSONSchema: []compat.Messages{{Files: []string{"**/*.json"}}}},
	"avro":        {Avro: []compat.Messages{{Files: []string{"**/*.avsc"}}}},
	"sql":         {Migrations: []compat.Migrations{{Dir: "migrations"}}},
	"config":      {Config: []compat.Config{{Files: []string{"**/*"}}}},
}

func readPair(t *testing.T, file string) pair {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{kind: filepath.Base(filepath.Dir(file)), name: strings.TrimSuffix(filepath.Base(file), ".txtar"), file: file, archive: archive}
	p.spec = defaults[p.kind]
	before, after := fstest.MapFS{}, fstest.MapFS{}
	p.old, p.new = compat.Tree{Version: "1.0.0", FS: before}, compat.Tree{Version: "1.1.0", FS: after}
	for _, f := range archive.Files {
		switch side, name, _ := strings.Cut(f.Name, "/"); side {
		case "old":
			before[name] = &fstest.MapFile{Data: f.Data}
		case "new":
			after[name] = &fstest.MapFile{Data: f.Data}
		case "answer":
			p.breaking = bytes.Contains(f.Data, []byte("breaking yes"))
			p.unsafe = bytes.Contains(f.Data, []byte("rollback unsafe"))
		case "spec.json":
			p.read(t, f.Data)
		case "want":
			p.want = string(f.Data)
		}
	}
	return p
}

func (p *pair) read(t *testing.T, text []byte) {
	t.Helper()
	var w wireSpec
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatalf("%s: spec.json: %v", p.file, err)
	}
	p.spec = compat.Spec{JSONSchema: w.JSONSchema, Avro: w.Avro, Migrations: w.Migrations, Running: w.Running}
	for _, o := range w.OpenAPI {
		p.spec.OpenAPI = append(p.spec.OpenAPI, compat.OpenAPI{Files: o.Files, NewClients: o.NewClients})
	}
	for _, o := range w.Proto {
		p.spec.Proto = append(p.spec.Proto, compat.Proto{Files: o.Files, JSON: o.JSON})
	}
	if w.OldVersion != "" {
		p.old.Version = w.OldVersion
	}
}

// missed are the known answers that the gates get wrong, with the reason. They stay in
// the table as what they are, and a mend must take its line out here.
var missed = map[string]string{
	"openapi/request-closed":                "oasdiff has no rule for additionalProperties of a request",
	"json-schema/not-added":                 "not is not followed: it asks where it should refuse",
	"json-schema/pattern-loosened-consumes": "patterns are not compared: it asks where nothing is wrong",
	"sql/do-block-harmless":                 "blocks of code are not followed: it asks where nothing is wrong",
	"sql/do-block":                          "blocks of code are not followed: it asks where it should refuse",
	"sql/function-called":                   "bodies of functions are not followed: it asks where it should refuse",
	"sql/rename-table-with-view":            "whether a view takes writes is not followed: it asks where nothing is wrong",
}

// score counts, for one question, what was said against what is so.
type score struct{ rightYes, wrongYes, rightNo, wrongNo int }

func (s *score) count(said, is bool) {
	switch {
	case said && is:
		s.rightYes++
	case said:
		s.wrongYes++
	case is:
		s.wrongNo++
	default:
		s.rightNo++
	}
}

func (s score) String() string {
	return ratio(s.rightYes, s.rightYes+s.wrongYes) + " | " + ratio(s.rightYes, s.rightYes+s.wrongNo)
}

func ratio(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f (%d/%d)", float64(n)/float64(of), n, of)
}

func TestPairs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/pairs/*/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("found %d pairs, %v", len(files), err)
	}
	var rows []string
	var allBreaks, allUnsafe score
	for _, kind := range []string{"openapi", "proto", "json-schema", "avro", "sql", "config"} {
		var breaks, unsafe score
		pairs := 0
		for _, file := range files {
			if p := readPair(t, file); p.kind == kind {
				v := checkPair(t, p)
				pairs++
				for s, answer := range map[*score][2]bool{&breaks: {!v.Compatible, p.breaking}, &allBreaks: {!v.Compatible, p.breaking}, &unsafe: {!v.RollbackSafe, p.unsafe}, &allUnsafe: {!v.RollbackSafe, p.unsafe}} {
					s.count(answer[0], answer[1])
				}
			}
		}
		rows = append(rows, fmt.Sprintf("| %s | %d | %s | %s |", kind, pairs, breaks, unsafe))
	}
	rows = append(rows, fmt.Sprintf("| all | %d | %s | %s |", len(files), allBreaks, allUnsafe))
	keepTable(t, "| contract | pairs | breaking: precision | recall | rollback unsafe: precision | recall |\n|---|---|---|---|---|---|\n"+strings.Join(rows, "\n")+"\n")
}

// checkPair compares the findings with the golden ones and the verdict with the known answer.
func checkPair(t *testing.T, p pair) compat.Verdict {
	t.Helper()
	found, err := compat.Check(t.Context(), p.old, p.new, p.spec)
	if err != nil {
		t.Errorf("%s: %v", p.file, err)
		return compat.Verdict{}
	}
	var got strings.Builder
	for _, f := range found {
		fmt.Fprintf(&got, "%s: %s %s: %s\n", f.Place, f.Level(), f.Rule, f.What)
		if f.Mend == "" || f.Place.File == "" {
			t.Errorf("%s: a finding without a place or a mend: %+v", p.file, f)
		}
		places(t, p, f)
	}
	v := compat.Judge(found)
	key := p.kind + "/" + p.name
	if wrong := v.Compatible == p.breaking || v.RollbackSafe == p.unsafe; wrong != (missed[key] != "") {
		t.Errorf("%s: compatible %v, rollback safe %v, and the known answer is breaking %v, unsafe %v\n%s", key, v.Compatible, v.RollbackSafe, p.breaking, p.unsafe, got.String())
	}
	if *update {
		for i, f := range p.archive.Files {
			if f.Name == "want" {
				p.archive.Files[i].Data = []byte(got.String())
			}
		}
		if err := os.WriteFile(p.file, txtar.Format(p.archive), 0o600); err != nil {
			t.Error(err)
		}
	} else if got.String() != p.want {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", key, got.String(), p.want)
	}
	return v
}

// places checks that a finding points into a file that is there.
func places(t *testing.T, p pair, f compat.Finding) {
	t.Helper()
	tree := p.new
	if f.Place.Old {
		tree = p.old
	}
	text, err := fs.ReadFile(tree.FS, f.Place.File)
	if err != nil {
		t.Errorf("%s: %s points to %s: %v", p.file, f.Rule, f.Place, err)
	} else if lines := bytes.Count(text, []byte("\n")) + 1; f.Place.Line > lines {
		t.Errorf("%s: %s points to %s, which has %d lines", p.file, f.Rule, f.Place, lines)
	}
}

const tableBegin, tableEnd = "<!-- pairs: written by go test ./internal/compat -update -->\n", "<!-- end of pairs -->\n"

func keepTable(t *testing.T, table string) {
	t.Helper()
	const page = "../../docs/compat.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), tableBegin)
	_, foot, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	want := head + tableBegin + "\n" + table + "\n" + tableEnd + foot
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("the table of %s is not what the pairs give: run go test ./internal/compat -update\n%s", page, table)
	}
}

// sql gives the migrations of one side by name.
func (p pair) sql(side string) map[string]string {
	out := map[string]string{}
	for _, f := range p.archive.Files {
		if name, ok := strings.CutPrefix(f.Name, side); ok {
			out[name] = string(f.Data)
		}
	}
	return out
}
