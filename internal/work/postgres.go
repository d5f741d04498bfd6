package work

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// openPostgres makes the pool that DBOS would make itself if it were allowed to
// create databases: the one in the address must be there.
func openPostgres(ctx context.Context, address string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 6
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idle
	// search_path is the journal's business.
	delete(config.ConnConfig.RuntimeParams, "search_path")
	return pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
}

// making is the lock of whoever makes the tables: any number that others do not take.
const making = 7542311

// alone waits until no other process opens the database, since two that bring its
// tables up to date at once trip over each other. The lock is asked for again and
// again: a statement that waits for it would keep indexes from being made.
func alone(ctx context.Context, pool *pgxpool.Pool) (release func(), err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	again := time.NewTicker(pollServer)
	defer again.Stop()
	for mine := false; ; {
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, making).Scan(&mine); err != nil {
			conn.Release()
			return nil, fmt.Errorf("wait for others to open it: %w", err)
		}
		if mine {
			break
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			conn.Release()
			return nil, ctx.Err()
		}
	}
	return func() {
		// The lock is the connection's: where it cannot be given back, it ends with it.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, making); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // it is of no use any more
		}
		conn.Release()
	}, nil
}
