package journal

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migration is one step of the schema.
type migration struct {
	version int
	text    string
}

// migrate brings the schema to the version that this program knows, in one
// transaction, so that processes which start at the same time do not meet half of it.
func (j *Journal) migrate(ctx context.Context) error {
	steps, err := steps()
	if err != nil || j.upToDate(ctx, steps) {
		return err
	}
	return j.patiently(ctx, func(tx *sql.Tx) error {
		have, err := j.version(ctx, tx)
		if err != nil {
			return err
		}
		if known := steps[len(steps)-1].version; have > known {
			return fmt.Errorf("%w: its schema is %d and this program knows %d; use that slipway or a newer one", ErrNewer, have, known)
		}
		for _, m := range steps {
			if m.version <= have {
				continue
			}
			if err := apply(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// upToDate reports whether a file needs no migration. It only reads: whoever looks at
// a journal must not wait for a process that writes to it, which may have been stopped.
func (j *Journal) upToDate(ctx context.Context, steps []migration) bool {
	if !j.flavour.single {
		return false
	}
	have := 0
	err := j.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT MAX(version) FROM schema_versions`).Scan(&have)
	})
	// What is wrong shows again, and is told, when the file is written.
	return err == nil && have == steps[len(steps)-1].version
}

// patiently runs a transaction again while another process makes the file: SQLite does
// not wait then, whatever its busy_timeout.
func (j *Journal) patiently(ctx context.Context, f func(*sql.Tx) error) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for give := time.Now().Add(2 * busyWait); ; {
		err := j.transact(ctx, f)
		if !busy(err) || time.Now().After(give) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-again.C:
		}
	}
}

// version returns the newest migration that the database has seen, 0 for none.
// Nobody else migrates until the transaction ends.
func (j *Journal) version(ctx context.Context, tx *sql.Tx) (int, error) {
	for _, s := range j.flavour.prepare {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return 0, fmt.Errorf("prepare the journal's schema: %w", err)
		}
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, applied BIGINT NOT NULL)`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return 0, fmt.Errorf("prepare the journal's schema: %w", err)
	}
	var have int
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM schema_versions`).Scan(&have); err != nil {
		return 0, fmt.Errorf("read the journal's schema version: %w", err)
	}
	return have, nil
}

func apply(ctx context.Context, tx *sql.Tx, m migration) error {
	if _, err := tx.ExecContext(ctx, m.text); err != nil {
		return fmt.Errorf("bring the journal's schema to version %d: %w", m.version, err)
	}
	const note = `INSERT INTO schema_versions (version, applied) VALUES ($1, $2)`
	if _, err := tx.ExecContext(ctx, note, m.version, micros(time.Now())); err != nil {
		return fmt.Errorf("note schema version %d: %w", m.version, err)
	}
	return nil
}

// steps reads the embedded migrations; a file is named NNNN_what.sql.
func steps() ([]migration, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	all := make([]migration, 0, len(names))
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number: %w", name, err)
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version: version, text: string(text)})
	}
	return all, nil
}
