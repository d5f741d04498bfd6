package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // tells DBOS of SQLite
)

// open returns the rollout's view of the database, made if need be.
func (w *Work) open(ctx context.Context, rollout string) (*site, error) {
	config := dbos.Config{
		AppName:            application,
		ApplicationVersion: version,
		// One executor a rollout: a process takes up what was left of its own
		// rollout, and leaves that of another process alone.
		ExecutorID:     rollout,
		DatabaseSchema: schema,
		Logger:         w.log,
	}
	s := &site{poll: pollServer, active: map[int]bool{}, close: func() error { return nil }}
	if strings.HasPrefix(w.address, "postgres://") || strings.HasPrefix(w.address, "postgresql://") {
		pool, err := openPostgres(ctx, w.address)
		if err != nil {
			return nil, err
		}
		config.SystemDBPool, s.close = pool, func() error { pool.Close(); return nil }
		release, err := alone(ctx, pool)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		defer release()
	} else {
		db, err := openSQLite(w.address)
		if err != nil {
			return nil, err
		}
		config.SQLiteSystemDB, s.close, s.poll = db, db.Close, pollFile
	}
	// A context that ends would end workflows for good; Stop only interrupts them.
	var err error
	if s.dbos, err = inert(func() (dbos.Context, error) { return dbos.NewContext(context.WithoutCancel(ctx), config) }); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openSQLite opens the file, readable by its owner only. A commit need not reach the
// disk at once: what a power cut takes from here, the journal still has.
func openSQLite(path string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := private(absolute); err != nil {
		return nil, err
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(ON)",
	}}
	file := url.URL{Scheme: "file", Path: absolute, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db, nil
}

// private makes an empty file and its directory, readable by their owner only. A
// file that is there is never opened: closing it would drop SQLite's locks on it.
func private(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	empty, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	err = os.Link(empty.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, empty.Close(), os.Remove(empty.Name()))
}
