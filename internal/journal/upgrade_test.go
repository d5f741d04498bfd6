package journal_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// TestAnOldJournalGoesOn: a file of the first schema, in the middle of a rollout, is brought
// up to date, and the rollout goes on and is told of.
func TestAnOldJournalGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	p := journaltest.Told(journaltest.Plan("R1", 2))
	old(t, path, p)
	j := journaltest.Open(t, path)
	l, err := j.Acquire(t.Context(), "R1", journal.Self("test"), journal.LeaseTime)
	if err != nil {
		t.Fatal(err)
	}
	commands, err := j.Commands(t.Context(), "R1", true)
	if err != nil || len(commands) != 1 {
		t.Fatalf("pending: %+v, %v", commands, err)
	}
	a, err := j.Append(t.Context(), "R1", l.Token, journaltest.Done(commands[0], "host00000"))
	if err != nil || a.State.Passed != 1 {
		t.Fatalf("%+v, %v", a.State.Head, err)
	}
	due, err := j.Undelivered(t.Context(), journaltest.Epoch().AddDate(1, 0, 0), 5)
	if err != nil || len(due) != 1 || due[0].Notice.Key != "2/stage left/canary" {
		t.Errorf("due: %+v, %v", due, err)
	}
}

// old makes a journal as the first version of this program left it: one host's update is
// pending.
func old(t *testing.T, path string, p *rollout.Plan) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("migrations/0001_journal.sql")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const head = `{"phase":"running","stage":0,"step":"waves","passed":0,"next":2,
		"pending":[{"id":1,"kind":"update","stage":0,"at":"2026-11-28T12:01:00Z","left":1}],
		"stages":[{"entered":"2026-11-28T12:01:00Z"},{}],"started":"2026-11-28T12:01:00Z","changed":"2026-11-28T12:01:00Z"}`
	for _, s := range []struct {
		text string
		args []any
	}{
		{string(schema), nil},
		{`CREATE TABLE schema_versions (version BIGINT PRIMARY KEY, applied BIGINT NOT NULL)`, nil},
		{`INSERT INTO schema_versions VALUES (1, 0)`, nil},
		{`INSERT INTO rollouts VALUES ('R1', 'checkout', 'production', '1.1.0', 'alice', ?, ?, 'running', FALSE, 1, 0, 0)`, []any{string(plan), strings.Join(strings.Fields(head), "")}},
		{`INSERT INTO hosts VALUES ('R1', 0, '{"exposure":"none","command":1,"version":"1.0.0"}'), ('R1', 1, '{"exposure":"live","version":"1.0.0"}')`, nil},
		{`INSERT INTO events VALUES ('R1', 1, 'start', 'start', 0, '{"seq":1,"kind":"start","at":"2026-11-28T12:01:00Z"}')`, nil},
		{`INSERT INTO commands VALUES ('R1', 1, '{"id":1,"kind":"update","stage":0,"hosts":["host00000"],"at":"2026-11-28T12:01:00Z"}', FALSE)`, nil},
	} {
		if _, err := db.Exec(s.text, s.args...); err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
