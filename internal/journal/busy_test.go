package journal_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
)

// hold takes the file as a process does that writes to it, until it is let go.
func hold(t *testing.T, path string) (letGo func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	released := false
	letGo = func() {
		if released {
			return
		}
		released = true
		if _, err := db.Exec(`ROLLBACK`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(letGo)
	return letGo
}

// TestReadingWaitsForNobody: a process that stands still while it writes keeps others
// from writing, but not from opening the journal and looking into it. Whoever must
// write is told what to do.
func TestReadingWaitsForNobody(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	first := journaltest.Open(t, path)
	if err := first.Create(t.Context(), journaltest.Plan("R1", 2)); err != nil {
		t.Fatal(err)
	}
	hold(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	j, err := journal.Open(ctx, path)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if all, err := j.List(ctx, journal.Filter{}); err != nil || len(all) != 1 {
		t.Errorf("list: %v, %v", all, err)
	}
	if testing.Short() {
		t.Skip("waits as long as a writer does")
	}
	_, err = j.Acquire(t.Context(), "R1", journal.Self("test"), time.Minute)
	if err == nil || !strings.Contains(err.Error(), "fuser "+path+" names") {
		t.Errorf("acquire: %v", err)
	}
}

// TestMakingTheFileWaits: SQLite does not wait for others while a file becomes one with
// a write-ahead log; Open does.
func TestMakingTheFileWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	letGo := hold(t, path)
	opened := make(chan error, 1)
	go func() {
		j, err := journal.Open(t.Context(), path)
		if err == nil {
			err = j.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	letGo()
	if err := <-opened; err != nil {
		t.Error(err)
	}
}
