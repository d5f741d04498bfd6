package compat_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/slipway-deploy/slipway/internal/compat"
)

// fuzzed are the file each kind of contract is in, and what looks at it.
var fuzzed = map[string]struct {
	name string
	spec compat.Spec
}{
	"openapi":     {"api.yaml", compat.Spec{OpenAPI: []compat.OpenAPI{{Files: []string{"api.yaml"}, NewClients: true}}}},
	"proto":       {"shop.proto", compat.Spec{Proto: []compat.Proto{{Files: []string{"*.proto"}, JSON: true, NewClients: true}}}},
	"json-schema": {"order.json", compat.Spec{JSONSchema: []compat.Messages{{Files: []string{"*.json"}}}}},
	"avro":        {"order.avsc", compat.Spec{Avro: []compat.Messages{{Files: []string{"*.avsc"}}}}},
	"sql":         {"migrations/002_next.sql", compat.Spec{Migrations: []compat.Migrations{{Dir: "migrations"}, {Dir: "migrations", Dialect: compat.MySQL}, {Dir: "migrations", Dialect: compat.SQLite}}}},
	"config":      {"", compat.Spec{Config: []compat.Config{{Files: []string{"*"}}}}},
}

// fuzz feeds both versions of a contract: no panic, every finding names a place in a file
// that is there, and a contract that is compared with itself gives no refusal but for one
// that cannot be read.
func fuzz(f *testing.F, kind string) {
	f.Helper()
	seeds, err := filepath.Glob("testdata/pairs/" + kind + "/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		archive, err := txtar.ParseFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		var before, after []byte
		name := fuzzed[kind].name
		for _, file := range archive.Files {
			if side, n := filepath.Split(file.Name); side == "old/" && name == "" {
				before, name = file.Data, n
			}
			switch file.Name {
			case "old/" + name, "old/migrations/001_init.sql":
				before = file.Data
			case "new/" + name:
				after = file.Data
			}
		}
		f.Add(name, before, after)
	}
	f.Fuzz(func(t *testing.T, name string, before, after []byte) {
		if fuzzed[kind].name != "" {
			name = fuzzed[kind].name
		}
		if !fstestName(name) {
			return
		}
		old := compat.Tree{Version: "1.0.0", FS: fstest.MapFS{name: {Data: before}}}
		if kind == "sql" {
			old.FS = fstest.MapFS{"migrations/001_init.sql": {Data: before}}
		}
		next := compat.Tree{Version: "1.1.0", FS: fstest.MapFS{name: {Data: after}}}
		found, err := compat.Check(t.Context(), old, next, fuzzed[kind].spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range found {
			if finding.Place.File == "" || finding.Rule == "" || finding.What == "" || finding.Mend == "" {
				t.Errorf("an empty finding: %+v", finding)
			}
		}
		itself, err := compat.Check(t.Context(), old, old, fuzzed[kind].spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range itself {
			if finding.Breaking && !strings.HasSuffix(finding.Rule, "-unreadable") {
				t.Errorf("a contract breaks itself: %v\n%s", finding, before)
			}
		}
	})
}

func fstestName(name string) bool {
	return len(name) < 40 && fs.ValidPath(name) && filepath.Base(name) == name && name != "." && name != "vendor"
}

func FuzzOpenAPI(f *testing.F)    { fuzz(f, "openapi") }
func FuzzProto(f *testing.F)      { fuzz(f, "proto") }
func FuzzJSONSchema(f *testing.F) { fuzz(f, "json-schema") }
func FuzzAvro(f *testing.F)       { fuzz(f, "avro") }
func FuzzSQL(f *testing.F)        { fuzz(f, "sql") }
func FuzzConfig(f *testing.F)     { fuzz(f, "config") }
