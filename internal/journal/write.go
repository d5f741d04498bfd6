package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/rollout"
)

// rowsAtOnce is how many rows one statement writes: enough to make its overhead
// small, and well below what either database takes in parameters.
const rowsAtOnce = 32

// write is all that one Append changes.
type write struct {
	id            string
	before, after rollout.State
	events        []rollout.Event
	texts         []string // the events' JSON
	commands      []rollout.Command
	notices       []rollout.Notice
}

func (w write) run(ctx context.Context, tx *sql.Tx) error {
	if err := w.writeEvents(ctx, tx); err != nil {
		return err
	}
	if err := w.writeCommands(ctx, tx); err != nil {
		return err
	}
	if err := writeHosts(ctx, tx, w.id, w.after.Hosts, changed(w.before.Hosts, w.after.Hosts)); err != nil {
		return err
	}
	if err := writeNotices(ctx, tx, w.after.Plan, w.notices); err != nil {
		return err
	}
	return w.writeHead(ctx, tx)
}

func (w write) writeEvents(ctx context.Context, tx *sql.Tx) error {
	rows := make([]any, 0, 6*len(w.events))
	for i, e := range w.events {
		key := sql.NullString{String: e.Key(), Valid: e.Key() != ""}
		rows = append(rows, w.id, e.Seq, key, string(e.Kind), micros(e.At), w.texts[i])
	}
	return insert(ctx, tx, `INSERT INTO events (rollout, seq, key, kind, at, event) VALUES `, "", 6, rows)
}

func (w write) writeCommands(ctx context.Context, tx *sql.Tx) error {
	var rows []any
	for _, c := range w.commands {
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		rows = append(rows, w.id, c.ID, string(text), !isPending(w.after, c.ID))
	}
	if err := insert(ctx, tx, `INSERT INTO commands (rollout, id, command, done) VALUES `, "", 4, rows); err != nil {
		return err
	}
	for _, p := range w.before.Pending {
		if isPending(w.after, p.ID) {
			continue
		}
		const done = `UPDATE commands SET done = TRUE WHERE rollout = $1 AND id = $2`
		if _, err := tx.ExecContext(ctx, done, w.id, p.ID); err != nil {
			return err
		}
	}
	return nil
}

func isPending(s rollout.State, command int) bool {
	return slices.ContainsFunc(s.Pending, func(p rollout.Pending) bool { return p.ID == command })
}

func (w write) writeHead(ctx context.Context, tx *sql.Tx) error {
	head, err := encodeHead(w.after.Head)
	if err != nil {
		return err
	}
	last := w.events[len(w.events)-1]
	const update = `UPDATE rollouts SET head = $1, phase = $2, ended = $3, seq = $4, changed = $5 WHERE id = $6`
	_, err = tx.ExecContext(ctx, update, head, string(w.after.Phase), w.after.Phase.Ended(), last.Seq, micros(last.At), w.id)
	return err
}

// changed returns the indexes of hosts that are not what they were.
func changed(before, after []rollout.HostState) []int {
	var indexes []int
	for i := range after {
		if after[i] != before[i] {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

func writeHosts(ctx context.Context, tx *sql.Tx, id string, hosts []rollout.HostState, indexes []int) error {
	rows := make([]any, 0, 3*len(indexes))
	for _, i := range indexes {
		text, err := json.Marshal(hosts[i])
		if err != nil {
			return err
		}
		rows = append(rows, id, i, string(text))
	}
	return insert(ctx, tx, `INSERT INTO hosts (rollout, idx, state) VALUES `,
		` ON CONFLICT (rollout, idx) DO UPDATE SET state = excluded.state`, 3, rows)
}

// insert writes rows of some columns, many in one statement.
func insert(ctx context.Context, tx *sql.Tx, head, tail string, columns int, values []any) error {
	for len(values) > 0 {
		n := min(len(values), rowsAtOnce*columns)
		query := head + placeholders(n/columns, columns, 1) + tail
		if _, err := tx.ExecContext(ctx, query, values[:n]...); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// placeholders writes ($1,$2),($3,$4) for two rows of two columns, from a number on.
func placeholders(rows, columns, from int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		for c := range columns {
			b.WriteByte("(,"[min(c, 1)])
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(from + r*columns + c))
		}
		b.WriteByte(')')
	}
	return b.String()
}
