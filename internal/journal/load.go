package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Load returns the state of a rollout, its plan in it, and the number of its last
// event.
func (j *Journal) Load(ctx context.Context, id string) (rollout.State, int, error) {
	var c cached
	err := j.read(ctx, func(tx *sql.Tx) error {
		var seq int
		err := tx.QueryRowContext(ctx, `SELECT seq FROM rollouts WHERE id = $1`, id).Scan(&seq)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		c, err = j.load(ctx, tx, id, seq)
		return err
	})
	if err != nil {
		return rollout.State{}, 0, fmt.Errorf("load rollout %s: %w", id, err)
	}
	return c.state, c.seq, nil
}

// load reads a rollout whose last event is known to be seq, from the cache if that
// is as new.
func (j *Journal) load(ctx context.Context, tx *sql.Tx, id string, seq int) (cached, error) {
	c, ok := j.recall(id)
	if ok && c.seq == seq {
		return c, nil
	}
	var plan, head string
	err := tx.QueryRowContext(ctx, `SELECT plan, head FROM rollouts WHERE id = $1`, id).Scan(&plan, &head)
	if err != nil {
		return cached{}, err
	}
	s := rollout.State{Plan: &rollout.Plan{}}
	if ok {
		s.Plan = c.state.Plan // it never changes
	} else if err := json.Unmarshal([]byte(plan), s.Plan); err != nil {
		return cached{}, fmt.Errorf("its plan cannot be read: %w", err)
	}
	if err := json.Unmarshal([]byte(head), &s.Head); err != nil {
		return cached{}, fmt.Errorf("its state cannot be read: %w", err)
	}
	if err := readPending(ctx, tx, id, s.Pending); err != nil {
		return cached{}, err
	}
	if s.Hosts, err = readHosts(ctx, tx, id, len(s.Plan.Hosts)); err != nil {
		return cached{}, err
	}
	return cached{state: s, seq: seq}, nil
}

// readPending puts the hosts of pending commands back, see encodeHead.
func readPending(ctx context.Context, tx *sql.Tx, id string, pending []rollout.Pending) error {
	for i := range pending {
		c, err := readCommand(ctx, tx, id, pending[i].ID)
		if err != nil {
			return err
		}
		pending[i].Hosts = c.Hosts
	}
	return nil
}

func readCommand(ctx context.Context, tx *sql.Tx, id string, command int) (rollout.Command, error) {
	var text string
	var c rollout.Command
	err := tx.QueryRowContext(ctx, `SELECT command FROM commands WHERE rollout = $1 AND id = $2`, id, command).Scan(&text)
	if err != nil {
		return c, fmt.Errorf("command %d: %w", command, err)
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, fmt.Errorf("command %d cannot be read: %w", command, err)
	}
	return c, nil
}

func readHosts(ctx context.Context, tx *sql.Tx, id string, n int) ([]rollout.HostState, error) {
	hosts := make([]rollout.HostState, 0, n)
	rows, err := tx.QueryContext(ctx, `SELECT state FROM hosts WHERE rollout = $1 ORDER BY idx`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text sql.RawBytes
		var h rollout.HostState
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &h); err != nil {
			return nil, fmt.Errorf("the state of host %d cannot be read: %w", len(hosts), err)
		}
		hosts = append(hosts, h)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(hosts) != n {
		return nil, fmt.Errorf("the journal has %d of its %d hosts", len(hosts), n)
	}
	return hosts, nil
}

// Events returns the events of a rollout after a number, in order.
func (j *Journal) Events(ctx context.Context, id string, after int) ([]rollout.Event, error) {
	const query = `SELECT event FROM events WHERE rollout = $1 AND seq > $2 ORDER BY seq`
	return documents[rollout.Event](ctx, j, fmt.Sprintf("events of %s after %d", id, after), query, id, after)
}

// Commands returns the commands of a rollout in the order in which they were
// decided; with pending, only those that lack results.
func (j *Journal) Commands(ctx context.Context, id string, pending bool) ([]rollout.Command, error) {
	const query = `SELECT command FROM commands WHERE rollout = $1 AND (NOT done OR NOT $2) ORDER BY id`
	return documents[rollout.Command](ctx, j, "commands of "+id, query, id, pending)
}

// documents reads the one column of a query, JSON each.
func documents[T any](ctx context.Context, j *Journal, what, query string, args ...any) ([]T, error) {
	rows, err := j.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var text sql.RawBytes
		var one T
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, fmt.Errorf("%s: number %d cannot be read: %w", what, len(all)+1, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}
