package journal

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
)

// Look is what sources said at one look of a bake, or between bakes.
type Look struct {
	Seq  int       // order among those of its command, from 1; given by the journal
	At   time.Time // when
	Body string    // JSON lines, one a sample or gap, in the format that `slipway judge --replay` reads
}

// Observed stands for a command in looks at hosts while no bake was judged: commands count from 1.
const Observed = 0

// AppendSamples keeps what the judge of a bake saw at one look. Like a result it needs
// the current token.
func (j *Journal) AppendSamples(ctx context.Context, l Lease, command int, look Look) error {
	err := j.owned(ctx, l, func(tx *sql.Tx) error { return appendLook(ctx, tx, l.Rollout, command, look) })
	return wrapped(fmt.Sprintf("keep samples of command %d of rollout %s", command, l.Rollout), err)
}

// AppendObserved keeps a look at hosts while no bake was judged, and of those the last so many. It needs the current token.
func (j *Journal) AppendObserved(ctx context.Context, l Lease, look Look, last int) error {
	const old = `DELETE FROM samples WHERE rollout = $1 AND command = $2 AND seq <=
		(SELECT MAX(seq) FROM samples WHERE rollout = $1 AND command = $2) - $3`
	err := j.owned(ctx, l, func(tx *sql.Tx) error {
		if err := appendLook(ctx, tx, l.Rollout, Observed, look); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, old, l.Rollout, Observed, last)
		return err
	})
	return wrapped("keep what was observed in rollout "+l.Rollout, err)
}

func appendLook(ctx context.Context, tx *sql.Tx, rollout string, command int, look Look) error {
	const insert = `INSERT INTO samples (rollout, command, seq, at, body)
		SELECT $1, $2, COALESCE(MAX(seq), 0) + 1, $3, $4 FROM samples WHERE rollout = $1 AND command = $2`
	body, err := pack(clean(look.Body))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insert, rollout, command, micros(look.At), body)
	return err
}

// Samples returns the looks of a command after a number, in order.
func (j *Journal) Samples(ctx context.Context, id string, command, after int) ([]Look, error) {
	var looks []Look
	err := j.EachLook(ctx, id, command, after, func(l Look) error {
		looks = append(looks, l)
		return nil
	})
	return looks, err
}

// EachLook calls each for the looks of a command after a number, in order, until it returns an
// error: those of a day and of hundreds of hosts are more than need be held at once. each
// must not use the journal.
func (j *Journal) EachLook(ctx context.Context, id string, command, after int, each func(Look) error) error {
	const query = `SELECT seq, at, body FROM samples WHERE rollout = $1 AND command = $2 AND seq > $3 ORDER BY seq`
	rows, err := j.db.QueryContext(ctx, query, id, command, after)
	if err != nil {
		return fmt.Errorf("samples of rollout %s: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		l, err := scanLook(rows)
		if err != nil {
			return fmt.Errorf("samples of rollout %s: %w", id, err)
		}
		if err := each(l); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanLook(rows *sql.Rows) (Look, error) {
	var l Look
	var at int64
	var body string
	if err := rows.Scan(&l.Seq, &at, &body); err != nil {
		return l, err
	}
	l.At = fromMicros(at)
	var err error
	if l.Body, err = unpack(body); err != nil {
		return l, fmt.Errorf("look %d cannot be read: %w", l.Seq, err)
	}
	return l, nil
}

const (
	// packFrom is the length from which samples are packed: those of thousands of hosts,
	// every few seconds, would outgrow all else in the journal.
	packFrom = 4096
	packed   = "gzip:"
)

func pack(text string) (string, error) {
	if len(text) < packFrom {
		return text, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return packed + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func unpack(text string) (string, error) {
	text, ok := strings.CutPrefix(text, packed)
	if !ok {
		return text, nil
	}
	r, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		return "", err
	}
	all, err := io.ReadAll(r)
	return string(all), err
}
