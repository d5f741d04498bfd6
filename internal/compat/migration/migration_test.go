package migration_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-deploy/slipway/internal/compat/migration"
)

const orders = "CREATE TABLE orders (id int PRIMARY KEY, price numeric(8,2), kind char(2), note varchar(10) NOT NULL DEFAULT '');"

// rules gives the rules found when these files follow 1_init.sql.
func rules(t *testing.T, o migration.Options, files map[string]string) []string {
	t.Helper()
	before, after := fstest.MapFS{"db/1_init.sql": {Data: []byte(orders)}}, fstest.MapFS{}
	maps.Copy(after, before)
	for name, text := range files {
		after["db/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	o.Dir = "db"
	found, err := migration.Compare(before, after, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		out = append(out, f.Rule)
	}
	return out
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"price TYPE numeric(10,2)":                 "sql-type-widened sql-lock",
		"price TYPE numeric(10,3)":                 "sql-type-changed",
		"price TYPE numeric(6,2)":                  "sql-type-changed",
		"price TYPE decimal(8, 2)":                 "",
		"id TYPE int4":                             "",
		"id SET DATA TYPE bigint USING id::bigint": "sql-type-widened sql-lock",
		"id TYPE text":                             "sql-type-changed",
		"kind TYPE varchar":                        "",
		"note TYPE character varying(20)":          "",
		"note TYPE text COLLATE \"C\"":             "",
		"note TYPE varchar(9)":                     "sql-type-changed",
		"note DROP DEFAULT":                        "sql-drop-default",
		"price DROP DEFAULT":                       "sql-drop-default",
		"note SET STATISTICS 100":                  "",
		"other TYPE text":                          "sql-type-changed",
	} {
		if got := strings.Join(rules(t, migration.Options{}, map[string]string{"2.sql": "ALTER TABLE orders ALTER COLUMN " + change}), " "); got != want {
			t.Errorf("%s: got %q, want %q", change, got, want)
		}
	}
}

func TestFilesAndTheirOrder(t *testing.T) {
	t.Parallel()
	const drop = "ALTER TABLE orders DROP COLUMN note;"
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		// 10 comes after 9: the column that 10 drops is new in this release
		{map[string]string{"9_a.sql": "ALTER TABLE orders ADD x int;", "10_b.sql": "ALTER TABLE orders DROP x;"}, nil},
		{map[string]string{"2_a.down.sql": drop, "3/down.sql": drop, "U4__back.sql": drop, "notes.md": drop}, nil},
		{map[string]string{"2/up.sql": drop}, []string{"sql-drop-column"}},
		{map[string]string{"0_early.sql": "CREATE TABLE a (b int);"}, []string{"sql-out-of-order"}},
		{map[string]string{"2.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n" + drop}, nil},
		{map[string]string{"2.sql": "-- +migrate Down\n" + drop + "\n-- +migrate Up\n" + drop}, []string{"sql-drop-column"}},
		{map[string]string{"2.sql": "FROBNICATE orders;"}, []string{"sql-cannot-tell"}},
	} {
		if got := rules(t, migration.Options{}, c.files); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.files, got, c.want)
		}
	}
}

func TestContractWaitsForEveryHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		running []string
		marker  string
		want    string
	}{
		{[]string{"2.0.0"}, "2.0.0", "sql-contract-due"},
		{[]string{"v2.10.0"}, "v2.9.0", "sql-contract-due"},
		{[]string{"2.0.0-rc1"}, "2.0.0", "sql-contract-too-early"},
		{[]string{"2.0.0", "1.9"}, "2.0.0", "sql-contract-too-early"},
		{[]string{"2.0.0-1"}, "2.0.0", "sql-contract-due"},
	} {
		files := map[string]string{"2.sql": "-- slipway: contract after " + c.marker + "\nDROP TABLE orders;"}
		if got := rules(t, migration.Options{Running: c.running}, files); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%v after %s: got %v, want %s", c.running, c.marker, got, c.want)
		}
	}
}
