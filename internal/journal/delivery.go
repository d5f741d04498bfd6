package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// ClaimTime is how long a delivery belongs to the process that took it up. One that is
// known to be dead loses it at once.
const ClaimTime = 2 * time.Minute

// ErrClaimed says that a delivery was taken up by another process since, or is done.
var ErrClaimed = errors.New("another process delivers it")

// Delivery is one notice on its way to one channel of its rollout's plan.
type Delivery struct {
	Rollout string         `json:"rollout"`
	Channel string         `json:"channel"` // the name in rollout.Plan.Notify
	Notice  rollout.Notice `json:"notice"`
	// Attempts counts those that have begun, the one at hand included: from the second on
	// an earlier one may have got through before its process ended or the answer was lost.
	Attempts  int       `json:"attempts"`
	NextAt    time.Time `json:"next_at,omitzero"` // not tried before
	Done      bool      `json:"done"`             // delivered, or given up
	Delivered time.Time `json:"delivered,omitzero"`
	RemoteID  string    `json:"remote_id,omitempty"` // what the channel calls the message
	Err       string    `json:"error,omitempty"`     // of the last attempt that failed

	claim string
}

// ID is the same for every attempt, and no other delivery has it: for channels that
// know idempotency keys.
func (d Delivery) ID() string { return d.Rollout + "/" + d.Notice.Key + "/" + d.Channel }

// Undelivered takes up deliveries that are due, at most limit, and makes them this
// process's own for ClaimTime: until then, or until Failed, no other gets them. Of every
// channel there is at most one among them, the earliest that is not done: what comes
// later is not offered before, across rollouts of the service and environment too. A
// caller ends each with Delivered, Failed or GiveUp.
func (j *Journal) Undelivered(ctx context.Context, now time.Time, limit int) ([]Delivery, error) {
	due, err := j.due(ctx, now)
	if err != nil || len(due) == 0 {
		return nil, wrapped("take up deliveries", err)
	}
	me, err := json.Marshal(Self(""))
	if err != nil {
		return nil, fmt.Errorf("take up deliveries: %w", err)
	}
	var taken []Delivery
	err = j.transact(ctx, func(tx *sql.Tx) error {
		taken = nil
		for _, d := range due {
			if len(taken) == limit {
				return nil
			}
			ok, err := d.take(ctx, tx, string(me), now)
			if err != nil {
				return err
			}
			if ok {
				taken = append(taken, d.Delivery)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take up deliveries: %w", err)
	}
	return taken, nil
}

// claimed is a delivery and the claim on it that was read.
type claimed struct {
	Delivery
	was string
}

// take makes a delivery this process's, unless another one was quicker.
func (d *claimed) take(ctx context.Context, tx *sql.Tx, me string, now time.Time) (bool, error) {
	const update = `UPDATE deliveries SET claim = $1, claimer = $2, claimed = $3, attempts = attempts + 1
		WHERE rollout = $4 AND notice = $5 AND channel = $6 AND claim = $7 AND NOT done`
	d.claim = rand.Text()
	d.Attempts++
	r, err := tx.ExecContext(ctx, update, d.claim, me, micros(now.Add(ClaimTime)), d.Rollout, d.Notice.Key, d.Channel, d.was)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// due reads the deliveries that could be taken up now. It only reads, so that asking
// often costs others nothing.
func (j *Journal) due(ctx context.Context, now time.Time) ([]claimed, error) {
	const query = `SELECT ` + deliveryColumns + `, d.claim, d.claimer, d.claimed
		FROM deliveries d JOIN notices n ON n.rollout = d.rollout AND n.key = d.notice
		WHERE NOT d.done AND d.next_at <= $1 AND NOT EXISTS (
			SELECT 1 FROM deliveries e WHERE e.lane = d.lane AND e.place < d.place AND NOT e.done)
		ORDER BY d.next_at, d.lane`
	rows, err := j.db.QueryContext(ctx, query, micros(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var due []claimed
	for rows.Next() {
		var c claimed
		var who string
		var until int64
		if err := scanDelivery(rows, &c.Delivery, &c.was, &who, &until); err != nil {
			return nil, err
		}
		if c.was == "" || !fromMicros(until).After(now) || gone(who) {
			due = append(due, c)
		}
	}
	return due, rows.Err()
}

// gone reports whether the process that took a delivery up is known to have ended.
func gone(who string) bool {
	var o Owner
	return json.Unmarshal([]byte(who), &o) == nil && o.dead()
}

// Hold extends the claim on a delivery by ClaimTime from now on; it fails with
// ErrClaimed once it is another process's. To be called before sending when deliveries
// wait for each other.
func (j *Journal) Hold(ctx context.Context, d Delivery, now time.Time) error {
	return j.close(ctx, d, `claimed = $1`, micros(now.Add(ClaimTime)))
}

// Delivered notes that a notice has reached its channel, and what that calls the message.
// It stands also when the claim has run out: the message was sent.
func (j *Journal) Delivered(ctx context.Context, d Delivery, remoteID string) error {
	const update = `UPDATE deliveries SET done = TRUE, delivered = $1, remote = $2, error = '', claim = ''
		WHERE rollout = $3 AND notice = $4 AND channel = $5 AND NOT done`
	err := j.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, update, micros(time.Now()), clean(remoteID), d.Rollout, d.Notice.Key, d.Channel)
		return err
	})
	return wrapped("note delivery "+d.ID(), err)
}

// Failed notes why an attempt did not get through, and when the next one may be made.
// It fails with ErrClaimed when the delivery is another process's by now.
func (j *Journal) Failed(ctx context.Context, d Delivery, text string, nextAt time.Time) error {
	return j.close(ctx, d, `claim = '', error = $1, next_at = $2`, clean(text), micros(nextAt))
}

// GiveUp ends a delivery that will not get through, with the reason; the channel's next
// one is then offered. It fails with ErrClaimed when it is another process's by now.
func (j *Journal) GiveUp(ctx context.Context, d Delivery, text string) error {
	return j.close(ctx, d, `claim = '', error = $1, done = TRUE`, clean(text))
}

// close changes a delivery that this process has taken up.
func (j *Journal) close(ctx context.Context, d Delivery, set string, values ...any) error {
	n := len(values)
	where := fmt.Sprintf(` WHERE rollout = $%d AND notice = $%d AND channel = $%d AND claim = $%d AND NOT done`, n+1, n+2, n+3, n+4)
	values = append(values, d.Rollout, d.Notice.Key, d.Channel, d.claim)
	err := j.transact(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE deliveries SET `+set+where, values...)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return ErrClaimed
	})
	return wrapped("note delivery "+d.ID(), err)
}

func wrapped(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
