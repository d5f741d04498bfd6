package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Summary is a rollout without its plan and hosts.
type Summary struct {
	ID          string       `json:"id"`
	Service     string       `json:"service"`
	Environment string       `json:"environment"`
	Version     string       `json:"version"`
	By          string       `json:"by"`
	Created     time.Time    `json:"created"`
	Seq         int          `json:"seq"`
	Head        rollout.Head `json:"head"` // hosts of pending commands left out
}

// Filter chooses rollouts; what is empty does not matter.
type Filter struct {
	Service     string
	Environment string
	Phase       rollout.Phase
	Active      bool // only those that have not ended
	Limit       int  // 0: all
}

// List returns rollouts, the newest first.
func (j *Journal) List(ctx context.Context, f Filter) ([]Summary, error) {
	const query = `SELECT id, service, environment, version, made_by, created, seq, head FROM rollouts
		WHERE ($1 = '' OR service = $1) AND ($2 = '' OR environment = $2) AND ($3 = '' OR phase = $3) AND (NOT $4 OR NOT ended)
		ORDER BY created DESC, id DESC LIMIT $5`
	limit := f.Limit
	if limit <= 0 {
		limit = 1 << 30
	}
	rows, err := j.db.QueryContext(ctx, query, f.Service, f.Environment, string(f.Phase), f.Active, limit)
	if err != nil {
		return nil, fmt.Errorf("list rollouts: %w", err)
	}
	defer rows.Close()
	var found []Summary
	for rows.Next() {
		s, err := scanSummary(rows)
		if err != nil {
			return nil, fmt.Errorf("list rollouts: %w", err)
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

func scanSummary(rows *sql.Rows) (Summary, error) {
	var s Summary
	var created int64
	var head string
	err := rows.Scan(&s.ID, &s.Service, &s.Environment, &s.Version, &s.By, &created, &s.Seq, &head)
	if err != nil {
		return s, err
	}
	s.Created = fromMicros(created)
	if err := json.Unmarshal([]byte(head), &s.Head); err != nil {
		return s, fmt.Errorf("the state of %s cannot be read: %w", s.ID, err)
	}
	return s, nil
}

// Active returns the rollout of a service and environment that has not ended, or
// ErrNotFound.
func (j *Journal) Active(ctx context.Context, service, environment string) (Summary, error) {
	return j.first(ctx, Filter{Service: service, Environment: environment, Active: true, Limit: 1})
}

// Latest returns the newest rollout of a service and environment that completed,
// or ErrNotFound.
func (j *Journal) Latest(ctx context.Context, service, environment string) (Summary, error) {
	return j.first(ctx, Filter{Service: service, Environment: environment, Phase: rollout.Completed, Limit: 1})
}

func (j *Journal) first(ctx context.Context, f Filter) (Summary, error) {
	found, err := j.List(ctx, f)
	if err != nil {
		return Summary{}, err
	}
	if len(found) == 0 {
		return Summary{}, ErrNotFound
	}
	return found[0], nil
}

// Seq returns the number of a rollout's last event.
func (j *Journal) Seq(ctx context.Context, id string) (int, error) {
	var seq int
	err := j.db.QueryRowContext(ctx, `SELECT seq FROM rollouts WHERE id = $1`, id).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("rollout %s: %w", id, err)
	}
	return seq, nil
}
