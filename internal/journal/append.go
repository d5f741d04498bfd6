package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Applied is what an Append did.
type Applied struct {
	State    rollout.State     // after it
	Seq      int               // of the last event
	Events   []rollout.Event   // those that were new, with their numbers
	Commands []rollout.Command // that are to be run because of them
	Notices  []rollout.Notice  // that are told because of them
}

// Append applies events to a rollout and writes the events, the state they lead to, the
// commands they cause and the notices with their deliveries in one transaction. An event whose key is in the
// journal already is skipped silently. It is all or nothing: one event that makes
// no sense refuses the others, with the *rollout.Refusal as the error.
//
// Results of commands need the current token of the rollout's lease; another one is
// refused with ErrStale. Requests of people may come from any process: their token is 0.
func (j *Journal) Append(ctx context.Context, id string, token int64, events ...rollout.Event) (Applied, error) {
	for _, e := range events {
		if token == 0 && !request(e.Kind) {
			return Applied{}, fmt.Errorf("append %s to %s: %w: only requests go without a token", e.Kind, id, ErrStale)
		}
	}
	var a Applied
	err := j.transact(ctx, func(tx *sql.Tx) (err error) {
		a, err = j.append(ctx, tx, id, token, events)
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("append to rollout %s: %w", id, err)
	}
	if len(a.Events) > 0 {
		j.remember(id, cached{state: a.State, seq: a.Seq})
	}
	return a, nil
}

// request reports whether an event is what a person asks.
func request(k rollout.EventKind) bool {
	switch k {
	case rollout.Promote, rollout.Complete, rollout.Abort, rollout.Rollback, rollout.Pause, rollout.Resume, rollout.Reconcile:
		return true
	}
	return false
}

func (j *Journal) append(ctx context.Context, tx *sql.Tx, id string, token int64, events []rollout.Event) (Applied, error) {
	seq, err := lock(ctx, tx, id)
	if err != nil {
		return Applied{}, err
	}
	before, err := j.load(ctx, tx, id, seq)
	if err != nil {
		return Applied{}, err
	}
	plan := before.state.Plan
	if token != 0 {
		if err := current(ctx, tx, plan.Service, plan.Environment, id, token); err != nil {
			return Applied{}, err
		}
	}
	fresh, texts, err := unseen(ctx, tx, id, seq, events)
	if err != nil || len(fresh) == 0 {
		return Applied{State: before.state, Seq: seq}, err
	}
	d, err := rollout.Decide(before.state, fresh)
	if err != nil {
		return Applied{}, err
	}
	after := d.State
	if before.state.Phase.Ended() && !after.Phase.Ended() {
		// A rollback wakes an ended rollout, and another one may have taken its place.
		if err := free(ctx, tx, plan.Service, plan.Environment, id); err != nil {
			return Applied{}, err
		}
	}
	w := write{id: id, before: before.state, after: after, events: fresh, texts: texts, commands: d.Commands, notices: d.Notices}
	if err := w.run(ctx, tx); err != nil {
		return Applied{}, err
	}
	return Applied{State: after, Seq: seq + len(fresh), Events: fresh, Commands: d.Commands, Notices: d.Notices}, nil
}

// lock makes the transaction the only one that writes to a rollout, and returns
// the number of its last event. The update changes nothing: it is how both
// databases lock a row.
func lock(ctx context.Context, tx *sql.Tx, id string) (seq int, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE rollouts SET seq = seq WHERE id = $1 RETURNING seq`, id).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotFound
	}
	return seq, err
}

// current refuses a token that is not the newest of its service and environment.
func current(ctx context.Context, tx *sql.Tx, service, environment, id string, token int64) error {
	const query = `SELECT token, rollout FROM leases WHERE service = $1 AND environment = $2`
	var newest int64
	var owner string
	err := tx.QueryRowContext(ctx, query, service, environment).Scan(&newest, &owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if newest != token || owner != id {
		return fmt.Errorf("%w (token %d, now %d)", ErrStale, token, newest)
	}
	return nil
}

// unseen returns the events whose keys are not in the journal yet, numbered from
// seq+1, in the form in which they will be read back, and their JSON.
func unseen(ctx context.Context, tx *sql.Tx, id string, seq int, events []rollout.Event) ([]rollout.Event, []string, error) {
	seen, err := keys(ctx, tx, id, events)
	if err != nil {
		return nil, nil, err
	}
	fresh := make([]rollout.Event, 0, len(events))
	texts := make([]string, 0, len(events))
	for _, e := range events {
		if key := e.Key(); key != "" {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		e.Seq = seq + len(fresh) + 1
		e.At = e.At.UTC().Round(0)
		text, back, err := roundTrip(e)
		if err != nil {
			return nil, nil, fmt.Errorf("event %s: %w", e.Kind, err)
		}
		fresh, texts = append(fresh, back), append(texts, text)
	}
	return fresh, texts, nil
}

// keys returns which of the events' keys are in the journal.
func keys(ctx context.Context, tx *sql.Tx, id string, events []rollout.Event) (map[string]bool, error) {
	seen := map[string]bool{}
	var wanted []any
	for _, e := range events {
		if key := e.Key(); key != "" {
			wanted = append(wanted, key)
		}
	}
	for len(wanted) > 0 {
		n := min(len(wanted), rowsAtOnce)
		query := `SELECT key FROM events WHERE rollout = $1 AND key IN ` + placeholders(1, n, 2)
		if err := collect(ctx, tx, seen, query, append([]any{id}, wanted[:n]...)); err != nil {
			return nil, err
		}
		wanted = wanted[n:]
	}
	return seen, nil
}

func collect(ctx context.Context, tx *sql.Tx, into map[string]bool, query string, args []any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		into[key] = true
	}
	return rows.Err()
}
