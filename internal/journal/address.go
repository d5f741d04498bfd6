package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// schema is where the tables lie in PostgreSQL, unless the URL says otherwise.
const schema = "slipway"

// busyWait is how long a process waits for another one that writes to the file.
const busyWait = 10 * time.Second

// flavour is all that differs between the two databases.
type flavour struct {
	// prepare runs in the transaction that migrates, before anything else.
	prepare []string
	// now asks the database for the time in microseconds; empty: this machine's
	// clock, which is the only one when the file is local.
	now string
	// single is true when the database has one writer at a time.
	single bool
	// file is where the database lies when it is a file.
	file string
}

// IsPostgres reports whether an address is a PostgreSQL URL and not a path.
func IsPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

func connect(address string) (*sql.DB, flavour, error) {
	if IsPostgres(address) {
		return connectPostgres(address)
	}
	if scheme, _, ok := strings.Cut(address, "://"); ok {
		return nil, flavour{}, fmt.Errorf("open journal: %s:// is not known: give the path of a file or a postgres:// URL", scheme)
	}
	if address == "" {
		return nil, flavour{}, fmt.Errorf("open journal: no address: give the path of a file or a postgres:// URL")
	}
	return connectSQLite(address)
}

func connectPostgres(address string) (*sql.DB, flavour, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// pgx has the password redacted, the rest of the URL helps.
		return nil, flavour{}, fmt.Errorf("open journal: %w", err)
	}
	if config.RuntimeParams["search_path"] == "" {
		config.RuntimeParams["search_path"] = schema
	}
	if config.RuntimeParams["idle_in_transaction_session_timeout"] == "" {
		// A frozen process must not hold a row for longer than its lease.
		config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s"
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(8)
	name := pgx.Identifier{strings.Split(config.RuntimeParams["search_path"], ",")[0]}.Sanitize()
	return db, flavour{
		prepare: []string{
			`SELECT pg_advisory_xact_lock(7542310)`, // any number that others do not take
			`CREATE SCHEMA IF NOT EXISTS ` + name,
		},
		now: `SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT`,
	}, nil
}

func connectSQLite(path string) (*sql.DB, flavour, error) {
	if err := private(path); err != nil {
		return nil, flavour{}, err
	}
	options := url.Values{"_txlock": {"immediate"}}
	wait := fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()) // first, so that the others wait, too
	for _, p := range []string{wait, "journal_mode(WAL)", "synchronous(FULL)"} {
		options.Add("_pragma", p)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, flavour{}, fmt.Errorf("open journal %s: %w", path, err)
	}
	file := url.URL{Scheme: "file", Path: absolute, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, flavour{}, fmt.Errorf("open journal %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db, flavour{single: true, file: absolute}, nil
}

// private makes the file and its directory, readable by their owner only: plans
// hold paths and addresses that are nobody else's business. A file that is there is
// never opened here: closing it again would drop the locks that SQLite has on it in
// this process.
func private(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	empty, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	err = os.Link(empty.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		err = restrict(path)
	}
	if err := errors.Join(err, empty.Close(), os.Remove(empty.Name())); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	return nil
}

// restrict takes a file from everybody but its owner.
func restrict(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o600)
}

// busy reports whether SQLite gave up waiting for another process. It does so at
// once, whatever its busy_timeout, while the file is being made.
func busy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	const busy = 5
	return ok && e.Code()&0xff == busy
}

// explain adds to SQLite's word for it what keeps the journal from being written, and
// what can be done about that.
func (f flavour) explain(err error) error {
	if !busy(err) {
		return err
	}
	return fmt.Errorf("%w: another process is writing to the journal and does not finish, as one that was stopped (by Ctrl-Z, say): fuser %s names those that have it open; let it go on, or end it", err, f.file)
}
