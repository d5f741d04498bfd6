package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Journal is an open journal. It is safe for concurrent use, and several processes
// may have the same one open.
type Journal struct {
	db      *sql.DB
	flavour flavour

	// writing is held while SQLite has a transaction of ours: waiting here is
	// cheaper than polling for the file's lock.
	writing sync.Mutex

	mu    sync.Mutex // guards what follows
	cache map[string]cached
	news  chan struct{} // closed, and replaced, when something was committed
}

// cached is a rollout as of its event seq. It is never changed, only replaced.
type cached struct {
	state rollout.State
	seq   int
}

// Open opens the journal at an address, a path or a postgres:// URL, creates it
// when there is none, and brings its schema up to date.
func Open(ctx context.Context, address string) (*Journal, error) {
	db, flavour, err := connect(address)
	if err != nil {
		return nil, err
	}
	j := &Journal{db: db, flavour: flavour, cache: map[string]cached{}, news: make(chan struct{})}
	if err := j.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), db.Close())
	}
	return j, nil
}

// Close closes the journal. It may be called twice.
func (j *Journal) Close() error { return j.db.Close() }

// transact runs f in a transaction that may write, and commits it.
func (j *Journal) transact(ctx context.Context, f func(*sql.Tx) error) error {
	if j.flavour.single {
		j.writing.Lock()
		defer j.writing.Unlock()
	}
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return j.flavour.explain(err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, rollback(tx))
	}
	return commit(tx)
}

// read runs f in a transaction that sees one moment of the journal.
func (j *Journal) read(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := j.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: j.flavour.snapshot()})
	if err != nil {
		return err
	}
	return errors.Join(f(tx), rollback(tx))
}

func (f flavour) snapshot() sql.IsolationLevel {
	if f.single {
		return sql.LevelDefault // a SQLite read transaction is a snapshot as it is
	}
	return sql.LevelRepeatableRead
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// now is the time by which leases are judged: the database's, since machines differ.
func (j *Journal) now(ctx context.Context, tx *sql.Tx) (time.Time, error) {
	if j.flavour.now == "" {
		return time.Now(), nil
	}
	var us int64
	if err := tx.QueryRowContext(ctx, j.flavour.now).Scan(&us); err != nil {
		return time.Time{}, fmt.Errorf("ask the journal for the time: %w", err)
	}
	return fromMicros(us), nil
}

// remember puts a rollout into the cache and wakes those who wait for news.
func (j *Journal) remember(id string, c cached) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cache[id] = c
	if c.state.Phase.Ended() {
		delete(j.cache, id) // a server sees many rollouts end
	}
	j.announce()
}

// wake wakes those who wait for news.
func (j *Journal) wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.announce()
}

// announce is wake for who holds mu.
func (j *Journal) announce() {
	close(j.news)
	j.news = make(chan struct{})
}

// recall returns what the cache has of a rollout.
func (j *Journal) recall(id string) (cached, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c, ok := j.cache[id]
	return c, ok
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
