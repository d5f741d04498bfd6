package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// Create journals a plan as a rollout that has not started, and tells of it. It refuses, with an
// *ActiveError, while another rollout of the service and environment has not
// ended, and with ErrExists a plan that is in the journal already.
func (j *Journal) Create(ctx context.Context, p *rollout.Plan) error {
	text, plan, err := roundTrip(*p)
	if err != nil {
		return fmt.Errorf("journal plan %s: %w", p.ID, err)
	}
	s := rollout.New(&plan)
	err = j.transact(ctx, func(tx *sql.Tx) error {
		if err := j.create(ctx, tx, s, text); err != nil {
			return err
		}
		return writeNotices(ctx, tx, s.Plan, []rollout.Notice{rollout.PlannedNotice(s.Plan)})
	})
	if err != nil {
		return fmt.Errorf("create rollout %s: %w", p.ID, err)
	}
	j.remember(p.ID, cached{state: s})
	return nil
}

func (j *Journal) create(ctx context.Context, tx *sql.Tx, s rollout.State, plan string) error {
	p := s.Plan
	if err := free(ctx, tx, p.Service, p.Environment, p.ID); err != nil {
		return err
	}
	head, err := encodeHead(s.Head)
	if err != nil {
		return err
	}
	created := p.At
	if created.IsZero() {
		created = time.Now()
	}
	const insert = `INSERT INTO rollouts
		(id, service, environment, version, made_by, plan, head, phase, ended, seq, created, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10) ON CONFLICT DO NOTHING`
	r, err := tx.ExecContext(ctx, insert, p.ID, p.Service, p.Environment, p.Release.Version, strings.ReplaceAll(p.By, "\x00", ""),
		plan, head, string(s.Phase), s.Phase.Ended(), micros(created))
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		// Either the id is known, or somebody else was quicker by a moment.
		return errors.Join(err, free(ctx, tx, p.Service, p.Environment, p.ID), ErrExists)
	}
	return writeHosts(ctx, tx, p.ID, s.Hosts, all(len(s.Hosts)))
}

// free refuses when another rollout than id has not ended.
func free(ctx context.Context, tx *sql.Tx, service, environment, id string) error {
	const query = `SELECT id, phase FROM rollouts WHERE service = $1 AND environment = $2 AND NOT ended AND id <> $3`
	e := &ActiveError{Service: service, Environment: environment}
	err := tx.QueryRowContext(ctx, query, service, environment, id).Scan(&e.Rollout, &e.Phase)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return e
}

// roundTrip returns a value's JSON and the value that comes back from it, which is
// the one to go on with: what would not survive a restart is then missing at once,
// and not only after a crash.
func roundTrip[T any](v T) (text string, back T, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", back, err
	}
	return string(b), back, json.Unmarshal(b, &back)
}

// encodeHead leaves the hosts of pending commands out: they may be thousands, and
// the commands table has them.
func encodeHead(h rollout.Head) (string, error) {
	pending := make([]rollout.Pending, len(h.Pending))
	for i, p := range h.Pending {
		p.Hosts = nil
		pending[i] = p
	}
	h.Pending = pending
	b, err := json.Marshal(h)
	return string(b), err
}

func all(n int) []int {
	indexes := make([]int, n)
	for i := range indexes {
		indexes[i] = i
	}
	return indexes
}
