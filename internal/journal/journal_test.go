package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slipway-deploy/slipway/internal/journal"
	"github.com/slipway-deploy/slipway/internal/journal/journaltest"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) string { return filepath.Join(t.TempDir(), "journal.db") })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := journaltest.Postgres(t)
	var n atomic.Int32
	journaltest.Run(t, func(*testing.T) string { return fmt.Sprintf("%s&search_path=j%d", server, n.Add(1)) })
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "slip way?#%.db")
	journaltest.Open(t, path)
	for p, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s is %v, want %v", p, info.Mode().Perm(), want)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.db")
	if err := journaltest.Open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO schema_versions VALUES (99, 0)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = journal.Open(t.Context(), path)
	want := "open journal: the journal was written by a newer slipway: its schema is 99 and this program knows 2; use that slipway or a newer one"
	if !errors.Is(err, journal.ErrNewer) || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is no database, whatever its name may be\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"":                                   "no address",
		"mysql://root@db/x":                  "mysql:// is not known",
		"postgres://%zz":                     "open journal",
		"postgres://u:secret@127.0.0.1:1/db": "open journal",
		filepath.Join(file, "journal.db"):    "not a directory",
		filepath.Dir(file):                   "is not a file",
		file:                                 "not a database",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := journal.Open(ctx, address)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the password is in the error: %v", address, err)
		}
	}
}

func TestSelf(t *testing.T) {
	t.Parallel()
	o := journal.Self("alice")
	if o.PID != os.Getpid() || !strings.HasPrefix(o.String(), "alice (process ") {
		t.Errorf("%s, %+v", o, o)
	}
}

// BenchmarkAppend journals results of hosts, as many in a transaction as its name says.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := journaltest.Open(b, filepath.Join(b.TempDir(), "journal.db"))
			const hosts = 10000
			events := 0
			var queue []rollout.Event
			var token int64
			id := ""
			for n := 0; b.Loop(); n++ {
				if len(queue) == 0 {
					b.StopTimer()
					id = fmt.Sprintf("R%d", n)
					queue, token = waiting(b, j, id, hosts)
					b.StartTimer()
				}
				k := min(size, len(queue))
				if _, err := j.Append(b.Context(), id, token, queue[:k]...); err != nil {
					b.Fatal(err)
				}
				queue = queue[k:]
				events += k
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// waiting returns the results that a new rollout on many hosts waits for, but for the last.
func waiting(b *testing.B, j *journal.Journal, id string, hosts int) ([]rollout.Event, int64) {
	b.Helper()
	p := journaltest.Plan(id, hosts)
	p.Service = id
	if err := j.Create(b.Context(), p); err != nil {
		b.Fatal(err)
	}
	l, err := j.Acquire(b.Context(), id, journal.Self(""), time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	a, err := j.Append(b.Context(), id, l.Token, rollout.Event{Kind: rollout.Start, At: journaltest.Epoch()})
	if err != nil {
		b.Fatal(err)
	}
	a, err = j.Append(b.Context(), id, l.Token, journaltest.Done(a.Commands[0], a.Commands[0].Hosts[0]))
	if err != nil {
		b.Fatal(err)
	}
	var queue []rollout.Event
	for _, h := range a.Commands[0].Hosts {
		queue = append(queue, journaltest.Done(a.Commands[0], h))
	}
	return queue, l.Token
}
