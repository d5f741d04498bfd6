package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// LeaseTime is how long an owner may be silent before another process takes its
// rollout over.
const LeaseTime = 10 * time.Second

// Lease is the right to append results to a rollout.
type Lease struct {
	Rollout     string
	Service     string
	Environment string
	Token       int64 // fencing token: grows with every owner of the service and environment, also past the journal's loss
	Before      int64 // the token of the owner before; 0: there was none
	owner       string
}

// Acquire makes owner the one that drives a rollout, for a time that Renew extends.
// It fails with a *HeldError while another owner has the lease, unless that one is
// known to be dead. Every lease has a token that none had before it: the one after the
// last, or the time in seconds where that is more. Hosts remember the highest token they
// saw, and a journal that was lost, or one on another machine, would start too low.
func (j *Journal) Acquire(ctx context.Context, id string, owner Owner, hold time.Duration) (Lease, error) {
	who, err := json.Marshal(owner)
	if err != nil {
		return Lease{}, fmt.Errorf("take rollout %s: %w", id, err)
	}
	l := Lease{Rollout: id, owner: string(who)}
	err = j.transact(ctx, func(tx *sql.Tx) error { return j.acquire(ctx, tx, &l, hold) })
	if err != nil {
		return Lease{}, fmt.Errorf("take rollout %s: %w", id, err)
	}
	return l, nil
}

func (j *Journal) acquire(ctx context.Context, tx *sql.Tx, l *Lease, hold time.Duration) error {
	// The rollout's row first, as Append does: whoever appends has then either
	// finished or will see the new token.
	if _, err := lock(ctx, tx, l.Rollout); err != nil {
		return err
	}
	const which = `SELECT service, environment FROM rollouts WHERE id = $1`
	if err := tx.QueryRowContext(ctx, which, l.Rollout).Scan(&l.Service, &l.Environment); err != nil {
		return err
	}
	const ensure = `INSERT INTO leases (service, environment, token, rollout, owner, expires)
		VALUES ($1, $2, 0, '', '{}', 0) ON CONFLICT DO NOTHING`
	if _, err := tx.ExecContext(ctx, ensure, l.Service, l.Environment); err != nil {
		return err
	}
	now, err := j.now(ctx, tx)
	if err != nil {
		return err
	}
	if l.Before, err = vacant(ctx, tx, *l, now); err != nil {
		return err
	}
	const take = `UPDATE leases SET token = CASE WHEN token < $1 THEN $1 ELSE token + 1 END, rollout = $2, owner = $3, expires = $4
		WHERE service = $5 AND environment = $6 RETURNING token`
	return tx.QueryRowContext(ctx, take, now.Unix(), l.Rollout, l.owner, micros(now.Add(hold)), l.Service, l.Environment).Scan(&l.Token)
}

// vacant refuses while somebody else has the lease, and returns the last token; the row is
// locked after it.
func vacant(ctx context.Context, tx *sql.Tx, l Lease, now time.Time) (before int64, err error) {
	const query = `UPDATE leases SET token = token WHERE service = $1 AND environment = $2 RETURNING rollout, owner, expires, token`
	var held HeldError
	var who string
	var expires int64
	err = tx.QueryRowContext(ctx, query, l.Service, l.Environment).Scan(&held.Rollout, &who, &expires, &before)
	if err != nil {
		return 0, err
	}
	held.Expires = fromMicros(expires)
	if !held.Expires.After(now) {
		return before, nil
	}
	if err := json.Unmarshal([]byte(who), &held.Owner); err != nil {
		return 0, fmt.Errorf("its owner cannot be read: %w", err)
	}
	if held.Owner.dead() {
		return before, nil
	}
	// Whoever drove a rollout to its end holds nothing that another one waits for.
	var ended bool
	const over = `SELECT ended FROM rollouts WHERE id = $1`
	if err := tx.QueryRowContext(ctx, over, held.Rollout).Scan(&ended); err != nil {
		return 0, err
	}
	if ended && held.Rollout != l.Rollout {
		return before, nil
	}
	return 0, &held
}

// Renew extends a lease, also one that has run out and that nobody took. It fails
// with ErrStale once another owner has it.
func (j *Journal) Renew(ctx context.Context, l Lease, hold time.Duration) error {
	return j.touch(ctx, l, func(now time.Time) int64 { return micros(now.Add(hold)) })
}

// Release ends a lease, so that the next owner need not wait. A lease that another
// owner has taken is left alone.
func (j *Journal) Release(ctx context.Context, l Lease) error {
	err := j.touch(ctx, l, func(time.Time) int64 { return 0 })
	if errors.Is(err, ErrStale) {
		return nil
	}
	return err
}

func (j *Journal) touch(ctx context.Context, l Lease, expires func(now time.Time) int64) error {
	err := j.transact(ctx, func(tx *sql.Tx) error {
		now, err := j.now(ctx, tx)
		if err != nil {
			return err
		}
		const update = `UPDATE leases SET expires = $1 WHERE service = $2 AND environment = $3 AND token = $4 AND rollout = $5`
		r, err := tx.ExecContext(ctx, update, expires(now), l.Service, l.Environment, l.Token, l.Rollout)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return ErrStale
	})
	if err != nil {
		return fmt.Errorf("renew the lease of rollout %s: %w", l.Rollout, err)
	}
	return nil
}

// Check fails with ErrStale once another owner has the lease.
func (j *Journal) Check(ctx context.Context, l Lease) error {
	err := j.read(ctx, func(tx *sql.Tx) error {
		return current(ctx, tx, l.Service, l.Environment, l.Rollout, l.Token)
	})
	if err != nil {
		return fmt.Errorf("check the lease of rollout %s: %w", l.Rollout, err)
	}
	return nil
}

// Owner returns who has the lease of a rollout; ok is false when nobody has.
func (j *Journal) Owner(ctx context.Context, id string) (o Owner, ok bool, err error) {
	err = j.read(ctx, func(tx *sql.Tx) error {
		now, err := j.now(ctx, tx)
		if err != nil {
			return err
		}
		var who string
		const query = `SELECT owner FROM leases WHERE rollout = $1 AND expires > $2`
		err = tx.QueryRowContext(ctx, query, id, micros(now)).Scan(&who)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ok = true
		return json.Unmarshal([]byte(who), &o)
	})
	if err != nil {
		return Owner{}, false, fmt.Errorf("owner of rollout %s: %w", id, err)
	}
	return o, ok && !o.dead(), nil
}

// Idle returns the last token of the service and environment of a rollout, and whether its
// owner has given the lease back, so that nobody drives anything there; token 0: there was
// no owner yet. One that was killed has not: what it did is not known.
func (j *Journal) Idle(ctx context.Context, id string) (token int64, idle bool, err error) {
	err = j.read(ctx, func(tx *sql.Tx) error {
		var expires int64
		const query = `SELECT l.token, l.expires FROM leases l
			JOIN rollouts r ON r.service = l.service AND r.environment = l.environment WHERE r.id = $1`
		err := tx.QueryRowContext(ctx, query, id).Scan(&token, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			expires, err = 0, nil
		}
		idle = expires == 0
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("whether rollout %s is driven: %w", id, err)
	}
	return token, idle, nil
}
