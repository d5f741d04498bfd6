package compat_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-deploy/slipway/internal/compat"
)

func files(of map[string]string) compat.Tree {
	tree := fstest.MapFS{}
	for name, text := range of {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return compat.Tree{Version: "1.0.0", FS: tree}
}

func TestCheckNamesWhatIsWrongInTheSpec(t *testing.T) {
	t.Parallel()
	some := files(map[string]string{"api.yaml": "openapi: 3.0.0", "db/1.sql": "SELECT 1;"})
	for want, spec := range map[string]compat.Spec{
		`compat.openapi: pattern "apis/*.yaml" fits no file`:                       {OpenAPI: []compat.OpenAPI{{Files: []string{"apis/*.yaml"}}}},
		`compat.openapi: pattern "/api.yaml": want a slash path`:                   {OpenAPI: []compat.OpenAPI{{Files: []string{"/api.yaml"}}}},
		`compat.proto: pattern "[": want`:                                          {Proto: []compat.Proto{{Files: []string{"["}}}},
		`compat.avro: direction "up": want both, produces or consumes`:             {Avro: []compat.Messages{{Files: []string{"*"}, Direction: "up"}}},
		`compat.json_schema: direction "up": want both, produces or consumes`:      {JSONSchema: []compat.Messages{{Files: []string{"*"}, Direction: "up"}}},
		`compat.migrations: dialect "oracle": want postgresql, mysql or sqlite`:    {Migrations: []compat.Migrations{{Dir: "db", Dialect: "oracle"}}},
		`compat.migrations: directory "sql" is in neither version`:                 {Migrations: []compat.Migrations{{Dir: "sql"}}},
		`compat.migrations: pattern "../db": want a slash path inside the project`: {Migrations: []compat.Migrations{{Dir: "../db"}}},
		`compat.config: pattern "*.toml" fits no file`:                             {Config: []compat.Config{{Files: []string{"*.toml"}}}},
	} {
		if _, err := compat.Check(t.Context(), some, some, spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestCheckStopsWhenTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	some := files(map[string]string{"a": ""})
	if _, err := compat.Check(ctx, some, some, compat.Spec{}); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// TestTheSameIsCompatible: every pair's trees, each compared with itself, give nothing.
func TestTheSameIsCompatible(t *testing.T) {
	t.Parallel()
	some := files(map[string]string{
		"api/shop.yaml": "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths: {}\n", "proto/a/b/shop.proto": "syntax = \"proto3\";\nmessage A { A a = 1; }\n",
		"events/a.json": `{"$ref": "#"}`, "events/a.avsc": `"string"`, "db/1.sql": "CREATE TABLE a (b int);", "app.toml": "a = 1",
		"vendor/x/app.toml": "= broken",
	})
	spec := compat.Spec{
		OpenAPI: []compat.OpenAPI{{Files: []string{"api/*.yaml"}, NewClients: true}}, Proto: []compat.Proto{{Files: []string{"proto/**/*.proto"}, JSON: true}},
		JSONSchema: []compat.Messages{{Files: []string{"events/*.json"}}}, Avro: []compat.Messages{{Files: []string{"**/*.avsc"}}},
		Migrations: []compat.Migrations{{Dir: "db"}}, Config: []compat.Config{{Files: []string{"**/*.toml"}}},
	}
	found, err := compat.Check(t.Context(), some, some, spec)
	if err != nil || len(found) > 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestMessagesThatAreGone(t *testing.T) {
	t.Parallel()
	before, after := files(map[string]string{"a.json": `{}`, "b.json": `{}`}), files(map[string]string{"b.json": `{}`})
	for direction, breaks := range map[compat.Direction]bool{compat.Both: true, compat.Consumes: true, compat.Produces: false} {
		found, err := compat.Check(t.Context(), before, after, compat.Spec{JSONSchema: []compat.Messages{{Files: []string{"*.json"}, Direction: direction}}})
		if err != nil || len(found) != 1 || found[0].Breaking != breaks || found[0].Place.String() != "a.json (live version)" {
			t.Errorf("%s: got %v, %v", direction, found, err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	breaks, asks, both, warns := compat.Finding{What: "1", Breaking: true}, compat.Finding{What: "2", RollbackUnsafe: true}, compat.Finding{What: "3", Breaking: true, RollbackUnsafe: true}, compat.Finding{What: "4"}
	if v := compat.Judge([]compat.Finding{warns}); !v.Compatible || !v.RollbackSafe || len(v.Warnings) != 1 {
		t.Errorf("a warning asks for something: %+v", v)
	}
	v := compat.Judge([]compat.Finding{breaks, asks, both, warns})
	if v.Compatible || v.RollbackSafe || !slices.Equal(v.Breaking, []compat.Finding{breaks, both}) || !slices.Equal(v.Unsafe, []compat.Finding{asks, both}) || !slices.Equal(v.Warnings, []compat.Finding{warns}) {
		t.Errorf("got %+v", v)
	}
}
