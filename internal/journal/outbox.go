package journal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// News returns a channel that closes when this process commits something. What other
// processes commit closes it not: whoever must see that looks now and then, too.
func (j *Journal) News() <-chan struct{} { return j.listen() }

// Plan returns the plan of a rollout. It never changes.
func (j *Journal) Plan(ctx context.Context, id string) (*rollout.Plan, error) {
	if c, ok := j.recall(id); ok {
		return c.state.Plan, nil
	}
	var text string
	err := j.db.QueryRowContext(ctx, `SELECT plan FROM rollouts WHERE id = $1`, id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	p := &rollout.Plan{}
	if err == nil {
		err = json.Unmarshal([]byte(text), p)
	}
	if err != nil {
		return nil, fmt.Errorf("plan of rollout %s: %w", id, err)
	}
	return p, nil
}

// Notices returns all that was worth telling of a rollout, in order.
func (j *Journal) Notices(ctx context.Context, id string) ([]rollout.Notice, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT body FROM notices WHERE rollout = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("notices of rollout %s: %w", id, err)
	}
	defer rows.Close()
	var all []rollout.Notice
	for rows.Next() {
		var text string
		var n rollout.Notice
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("notices of rollout %s: %w", id, err)
		}
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			return nil, fmt.Errorf("a notice of rollout %s cannot be read: %w", id, err)
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// Deliveries returns all deliveries of a rollout, notices in order, done or not.
func (j *Journal) Deliveries(ctx context.Context, id string) ([]Delivery, error) {
	const query = `SELECT ` + deliveryColumns + ` FROM deliveries d
		JOIN notices n ON n.rollout = d.rollout AND n.key = d.notice WHERE d.rollout = $1 ORDER BY n.seq, d.channel`
	rows, err := j.db.QueryContext(ctx, query, id)
	if err != nil {
		return nil, fmt.Errorf("deliveries of rollout %s: %w", id, err)
	}
	defer rows.Close()
	var all []Delivery
	for rows.Next() {
		var d Delivery
		if err := scanDelivery(rows, &d); err != nil {
			return nil, fmt.Errorf("deliveries of rollout %s: %w", id, err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// Remember keeps a small text for a channel and rollout, in place of what was there: a
// chat's id of the thread, say.
func (j *Journal) Remember(ctx context.Context, id, channel, text string) error {
	err := j.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO memories (rollout, channel, text) VALUES ($1, $2, $3)
			ON CONFLICT (rollout, channel) DO UPDATE SET text = excluded.text`, id, channel, clean(text))
		return err
	})
	return wrapped("remember for channel "+channel+" of rollout "+id, err)
}

// Remembered returns what Remember kept, or "".
func (j *Journal) Remembered(ctx context.Context, id, channel string) (string, error) {
	var text string
	err := j.db.QueryRowContext(ctx, `SELECT text FROM memories WHERE rollout = $1 AND channel = $2`, id, channel).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return text, wrapped("what channel "+channel+" of rollout "+id+" remembers", err)
}

// writeNotices keeps notices and makes their deliveries. A notice whose key is there
// already is left as it is.
func writeNotices(ctx context.Context, tx *sql.Tx, p *rollout.Plan, notices []rollout.Notice) error {
	for _, n := range notices {
		body, err := json.Marshal(n)
		if err != nil {
			return err
		}
		const insert = `INSERT INTO notices (rollout, seq, key, kind, at, body)
			SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5 FROM notices WHERE rollout = $1 ON CONFLICT DO NOTHING`
		r, err := tx.ExecContext(ctx, insert, p.ID, n.Key, string(n.Kind), micros(n.At), clean(string(body)))
		if err != nil {
			return err
		}
		if fresh, err := r.RowsAffected(); err != nil || fresh == 0 {
			return err
		}
		for _, c := range p.Notify {
			if !c.Takes(n.Kind) {
				continue
			}
			if err := deliver(ctx, tx, p, n, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver makes the delivery of a notice to a channel, in the last place of its lane.
func deliver(ctx context.Context, tx *sql.Tx, p *rollout.Plan, n rollout.Notice, c rollout.Channel) error {
	const insert = `INSERT INTO deliveries (rollout, notice, channel, lane, place, attempts, next_at, claim, claimer, claimed, done, delivered, remote, error)
		SELECT $1, $2, $3, $4, COALESCE(MAX(place), 0) + 1, 0, 0, '', '', 0, FALSE, 0, '', '' FROM deliveries WHERE lane = $4`
	l, err := lane(p, c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insert, p.ID, n.Key, c.Name, l)
	return err
}

// lane is the queue of a channel: of its name in a service and environment, and of where it
// leads. One whose address was corrected does not wait for what the wrong one cannot take.
func lane(p *rollout.Plan, c rollout.Channel) (string, error) {
	where, err := json.Marshal([]any{c.Kind, c.Settings, c.Secrets})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(where)
	return strings.Join([]string{p.Service, p.Environment, c.Name, hex.EncodeToString(sum[:8])}, "\x1f"), nil
}

const deliveryColumns = `d.rollout, d.channel, d.attempts, d.next_at, d.done, d.delivered, d.remote, d.error, n.body`

func scanDelivery(rows *sql.Rows, d *Delivery, more ...any) error {
	var next, delivered int64
	var body string
	into := append([]any{&d.Rollout, &d.Channel, &d.Attempts, &next, &d.Done, &delivered, &d.RemoteID, &d.Err, &body}, more...)
	if err := rows.Scan(into...); err != nil {
		return err
	}
	if next > 0 {
		d.NextAt = fromMicros(next)
	}
	if delivered > 0 {
		d.Delivered = fromMicros(delivered)
	}
	if err := json.Unmarshal([]byte(body), &d.Notice); err != nil {
		return fmt.Errorf("a notice of rollout %s cannot be read: %w", d.Rollout, err)
	}
	return nil
}

// clean makes a text one that both databases keep: no NUL, and UTF-8 alone.
func clean(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}

// Remind journals a notice that no event leads to: that a rollout still waits. Its key
// makes that happen once, whichever process asks. Like a result it needs the token.
func (j *Journal) Remind(ctx context.Context, l Lease, n rollout.Notice) error {
	n.At = n.At.UTC().Round(time.Microsecond)
	p, err := j.Plan(ctx, l.Rollout)
	if err == nil {
		err = j.owned(ctx, l, func(tx *sql.Tx) error { return writeNotices(ctx, tx, p, []rollout.Notice{n}) })
	}
	if err == nil {
		j.wake()
	}
	return wrapped("remind of rollout "+l.Rollout, err)
}

// owned runs f in a transaction of the process that drives a rollout.
func (j *Journal) owned(ctx context.Context, l Lease, f func(*sql.Tx) error) error {
	return j.transact(ctx, func(tx *sql.Tx) error {
		if _, err := lock(ctx, tx, l.Rollout); err != nil {
			return err
		}
		if err := current(ctx, tx, l.Service, l.Environment, l.Rollout, l.Token); err != nil {
			return err
		}
		return f(tx)
	})
}
