package compat_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/slipway-deploy/slipway/internal/compat"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
)

// oldCode is what the old version of the pairs' service does with its table.
var oldCode = []string{
	"INSERT INTO orders (item) VALUES ('b')",
	"INSERT INTO orders (item, count, note) VALUES ('c', 5, 'n')",
	"INSERT INTO orders (item, count) VALUES ('c', 100000)",
	"INSERT INTO orders (item) VALUES ('a name of exactly forty characters long.')",
	"SELECT id, item, count, note FROM orders WHERE item = 'a'",
	"UPDATE orders SET note = 'x', count = 2 WHERE item = 'b'",
	"DELETE FROM orders WHERE item = 'c'",
	// fails when rows or what is in them went away
	"SELECT 1 / count(*) FROM orders WHERE item = 'a' AND note = 'kept'",
}

// notTold are pairs whose answer no statement of old code can show: it is about applied
// files, about markers, about rows that only a person can weigh, or about other tables.
var notTold = []string{
	"edited", "deleted", "contract-too-early", "contract-due", "contract-bad-marker", "unknown-table", "revoke",
	"update-old-column", "upsert-seed", "with-delete",
}

// TestPostgresAgrees asks a real server about the known answers: the old migrations and
// the new ones are applied, and then old code runs. It must fail just where the pair says
// that it breaks.
func TestPostgresAgrees(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	address := journaltest.Postgres(t)
	files, err := filepath.Glob("testdata/pairs/sql/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, file := range files {
		p := readPair(t, file)
		if d := p.spec.Migrations[0].Dialect; d != "" && d != compat.PostgreSQL || slices.Contains(notTold, p.name) {
			continue
		}
		asked++
		broke := runOldCode(t, address, p)
		if (broke != "") != p.breaking {
			t.Errorf("%s: the known answer is breaking %v, and on PostgreSQL old code fails with %q", p.name, p.breaking, broke)
		}
	}
	if asked < 35 {
		t.Errorf("only %d pairs were asked", asked)
	}
}

// runOldCode gives the first statement that worked before the new migrations and fails
// after them, with why; or the migration that fails itself.
func runOldCode(t *testing.T, address string, p pair) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	do := func(text string) error {
		_, err := conn.PgConn().Exec(t.Context(), text).ReadAll()
		return err
	}
	schema := "s_" + strings.ReplaceAll(p.name, "-", "_")
	before, after := p.sql("old/"), p.sql("new/")
	steps := []string{fmt.Sprintf("CREATE SCHEMA %s; SET search_path = %s", schema, schema)}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		steps = append(steps, before[name])
	}
	for _, step := range append(steps, "INSERT INTO orders (item, note) VALUES ('a', 'kept')") {
		if err := do(step); err != nil {
			t.Errorf("%s: %s: %v", p.name, step, err)
		}
	}
	working := slices.DeleteFunc(slices.Clone(oldCode), func(statement string) bool {
		return do("BEGIN; "+statement+"; ROLLBACK") != nil && do("ROLLBACK") == nil
	})
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != "" {
			continue
		}
		for _, statement := range statements(after[name]) {
			if err := do(statement); err != nil {
				return statement + ": " + err.Error()
			}
		}
	}
	for _, statement := range working {
		if err := do(statement); err != nil {
			return statement + ": " + err.Error()
		}
	}
	return ""
}

// statements gives a migration as the server is to get it: without the way back, and one
// by one where something may not stand among others.
func statements(text string) []string {
	text, _, _ = strings.Cut(strings.ReplaceAll(text, `"public".`, ""), "-- +goose Down")
	if strings.Contains(text, "CONCURRENTLY") {
		return strings.SplitAfter(text, ";\n")
	}
	return []string{text}
}
