package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Pruned is what Prune has removed.
type Pruned struct {
	Rollouts int
	Looks    int
	Bytes    int64 // as they were stored
}

// Prune removes what judges saw in rollouts that ended, and did not change again, before a
// time. The verdicts with their reasons, and everything else, stay. It is one transaction a
// rollout, so that nobody waits long for it; a file does not shrink, and uses the room again.
func (j *Journal) Prune(ctx context.Context, before time.Time) (Pruned, error) {
	var all Pruned
	old, err := j.prunable(ctx, before)
	if err != nil {
		return all, fmt.Errorf("prune samples: %w", err)
	}
	for _, id := range old {
		var one Pruned
		err := j.transact(ctx, func(tx *sql.Tx) (err error) {
			one, err = prune(ctx, tx, id, before)
			return err
		})
		if err != nil {
			return all, fmt.Errorf("prune samples of rollout %s: %w", id, err)
		}
		all.Rollouts, all.Looks, all.Bytes = all.Rollouts+one.Rollouts, all.Looks+one.Looks, all.Bytes+one.Bytes
	}
	return all, nil
}

// prunable are the rollouts that ended before a time and have samples.
func (j *Journal) prunable(ctx context.Context, before time.Time) ([]string, error) {
	const query = `SELECT id FROM rollouts r WHERE ended AND changed < $1
		AND EXISTS (SELECT 1 FROM samples s WHERE s.rollout = r.id) ORDER BY created`
	rows, err := j.db.QueryContext(ctx, query, micros(before))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// prune removes the samples of one rollout, unless somebody has woken it meanwhile.
func prune(ctx context.Context, tx *sql.Tx, id string, before time.Time) (Pruned, error) {
	if _, err := lock(ctx, tx, id); err != nil {
		return Pruned{}, err
	}
	p := Pruned{Rollouts: 1}
	const size = `SELECT COUNT(*), COALESCE(SUM(LENGTH(s.body)), 0) FROM samples s JOIN rollouts r ON r.id = s.rollout
		WHERE s.rollout = $1 AND r.ended AND r.changed < $2`
	if err := tx.QueryRowContext(ctx, size, id, micros(before)).Scan(&p.Looks, &p.Bytes); err != nil || p.Looks == 0 {
		return Pruned{}, err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE rollout = $1`, id)
	return p, err
}
