package metric

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestSQL runs the tests of databases on a real PostgreSQL and a real SQLite.
func TestSQL(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, address string, db *sql.DB){"time": sqlOfATime, "totals": sqlTotalsAndGauges, "reads": sqlOnlyReads}
	t.Run("postgres", func(t *testing.T) {
		server := journaltest.Postgres(t)
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				address := server + "&search_path=" + name
				db := connect(t, "pgx", address)
				do(t, db, "CREATE SCHEMA "+name)
				test(t, address, db)
			})
		}
	})
	t.Run("sqlite", func(t *testing.T) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "jobs of a?shop.db")
				test(t, "sqlite:"+path, connect(t, "sqlite", "file:"+strings.NewReplacer(" ", "%20", "?", "%3f").Replace(path)))
			})
		}
	})
}

func connect(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func do(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func openSQL(t *testing.T, now *time.Time, m rollout.Metric) *Sources {
	t.Helper()
	m.Source, m.Name = "sql", "errors"
	s, err := New(Deps{Now: func() time.Time { return *now }}, &rollout.Plan{Service: "shop", Environment: "live"}, []rollout.Metric{m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if got, err := s.Sample(t.Context(), []string{"web1"}); got != nil || (err != nil && !strings.Contains(err.Error(), "nothing is said")) {
		t.Fatalf("the first call: %v, %v", got, err)
	}
	return s
}

func sqlOfATime(t *testing.T, address string, db *sql.DB) {
	begin := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	now := begin
	kind := "timestamptz"
	at := func(seconds int) any { return begin.Add(time.Duration(seconds) * time.Second) }
	if strings.HasPrefix(address, "sqlite:") {
		kind = "text"
		at = func(seconds int) any { return begin.Add(time.Duration(seconds) * time.Second).Format(time.DateTime) }
	}
	do(t, db, "CREATE TABLE jobs (service text, host text, failed integer, ended "+kind+")")
	s := openSQL(t, &now, rollout.Metric{Ask: &rollout.Ask{
		Address: address, Events: "SELECT host, sum(failed), count(*) FROM jobs WHERE service = {{service}} AND ended >= {{since}} AND ended < {{until}} GROUP BY host",
	}})
	for i, failed := range []int{0, 1, 0, 1} {
		do(t, db, "INSERT INTO jobs VALUES ('shop', 'web1', $1, $2), ('other', 'web1', 1, $2), ('shop', 'web2', 0, $2)", failed, at(5*i))
	}
	now = begin.Add(15 * time.Second)
	got, err := s.Sample(t.Context(), []string{"web1", "web2", "web3"})
	if want := "[{web1 errors count 1 3 0 []} {web2 errors count 0 3 0 []}]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), "errors of web3: nothing is said of web3 (but of web1, web2)") {
		t.Errorf("the error is %v", err)
	}
	now = begin.Add(30 * time.Second)
	got, err = s.Sample(t.Context(), []string{"web1"})
	if want := "[{web1 errors count 1 1 0 []}]"; fmt.Sprint(got) != want || err != nil {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	byTime := openSQL(t, &now, rollout.Metric{Ask: &rollout.Ask{
		Address: address, Events: "SELECT host, sum(failed) FROM jobs WHERE ended >= {{since}} AND ended < {{until}} GROUP BY host",
	}})
	now = begin.Add(45 * time.Second)
	do(t, db, "INSERT INTO jobs VALUES ('shop', 'web1', 1, $1)", at(31))
	got, err = byTime.Sample(t.Context(), []string{"web1"})
	if want := "[{web1 errors count 1 15 0 []}]"; fmt.Sprint(got) != want || err != nil {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	past, err := s.Past(t.Context(), []string{"web1"}, begin.Add(-10*time.Second), begin.Add(20*time.Second), 10*time.Second)
	if want := "[[] [{web1 errors count 1 2 0 []}] [{web1 errors count 1 2 0 []}]]"; fmt.Sprint(past) != want || err != nil {
		t.Errorf("the past: %v, %v, want %s", past, err, want)
	}
}

// Totals that grow, and the gauge beside them; a table that begins anew, and one that
// is away for a while.
func sqlTotalsAndGauges(t *testing.T, address string, db *sql.DB) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	do(t, db, "CREATE TABLE totals (host text, failed integer, done integer, queue double precision)")
	do(t, db, "INSERT INTO totals VALUES ('web1', 5, 100, 1.5)")
	s := openSQL(t, &now, rollout.Metric{Ask: &rollout.Ask{Address: address, Events: "SELECT host, failed, done FROM totals"}})
	g := openSQL(t, &now, rollout.Metric{Kind: rollout.Gauge, Ask: &rollout.Ask{Address: address, Value: "SELECT host, queue FROM totals"}})
	look := func(s engine.Source, want, gap string) {
		t.Helper()
		now = now.Add(15 * time.Second)
		got, err := s.Sample(t.Context(), []string{"web1"})
		if fmt.Sprint(got) != want || (err != nil) != (gap != "") || (err != nil && !strings.Contains(err.Error(), gap)) {
			t.Errorf("got %v, %v; want %s, %s", got, err, want, gap)
		}
	}
	do(t, db, "UPDATE totals SET failed = 6, done = 150, queue = 2.5")
	look(s, "[{web1 errors count 1 50 0 []}]", "")
	look(g, "[{web1 errors gauge 0 0 2.5 []}]", "")
	do(t, db, "UPDATE totals SET failed = 0, done = 3, queue = NULL")
	look(s, "[]", reasonAnew)
	look(g, "[]", "nothing is said of web1")
	do(t, db, "ALTER TABLE totals RENAME TO away")
	look(s, "[]", "ask the database: ")
	do(t, db, "ALTER TABLE away RENAME TO totals")
	do(t, db, "UPDATE totals SET failed = 2, done = 10")
	look(s, "[{web1 errors count 2 7 0 []}]", "")
	do(t, db, "INSERT INTO totals VALUES ('web1', 1, 1, 1)")
	look(s, "[]", "more than one row of web1: GROUP BY the host")
}

// What is given as a query may read, and nothing else.
func sqlOnlyReads(t *testing.T, address string, db *sql.DB) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	do(t, db, "CREATE TABLE jobs (host text, failed integer, done integer)")
	do(t, db, "INSERT INTO jobs VALUES ('web1', 1, 1)")
	for _, query := range []string{"DELETE FROM jobs RETURNING host, failed, done", "UPDATE jobs SET done = 9 RETURNING host, failed, done"} {
		m := rollout.Metric{Name: "errors", Source: "sql", Ask: &rollout.Ask{Address: address, Events: query}}
		s, err := New(Deps{Now: func() time.Time { return now }}, &rollout.Plan{}, []rollout.Metric{m})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Sample(t.Context(), []string{"web1"}); err == nil || got != nil || !strings.Contains(strings.ToLower(err.Error()), "read") {
			t.Errorf("%s: %v, %v", query, got, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT sum(done) FROM jobs").Scan(&n); err != nil || n != 1 {
		t.Errorf("something was written: %d, %v", n, err)
	}
}

func TestADatabaseThatIsNotThere(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_PASSWORD", "hunter2 of/a@test")
	now := time.Now()
	none := filepath.Join(t.TempDir(), "none.db")
	for _, address := range []string{"postgres://shop@127.0.0.1:1/jobs?connect_timeout=1", "sqlite:" + none} {
		m := rollout.Metric{Name: "errors", Source: "sql", Ask: &rollout.Ask{
			Address: address, Events: "SELECT 1, 2, 3", Secrets: map[string]string{"password": "env:SLIPWAY_TEST_PASSWORD"},
		}}
		s, err := New(Deps{Now: func() time.Time { return now }}, &rollout.Plan{}, []rollout.Metric{m})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got, err := s.Sample(ctx, []string{"web1"})
		cancel()
		if err == nil || got != nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, %v", address, got, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if found, err := filepath.Glob(none + "*"); err != nil || len(found) > 0 {
		t.Errorf("a database was made: %v, %v", found, err)
	}
}
