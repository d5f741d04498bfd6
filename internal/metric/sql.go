package metric

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver pgx
	_ "modernc.org/sqlite"             // driver sqlite

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// rows asks a database. A query with a time in it is asked for what happened then; one
// without gives totals that grow. It may only read.
type rows struct {
	asked
	db     *sql.DB
	now    func() time.Time
	query  string
	params []string // placeholders, in the order of the parameters
	sqlite bool
	count  counter
	from   time.Time
	due    time.Time // when the first of it is complete
	looked bool
}

var _ engine.Past = (*rows)(nil)

// sqlTimes are the placeholders of a query for the time that it is of.
func sqlTimes() []string {
	return []string{"{{since}}", "{{until}}", "{{since_unix}}", "{{until_unix}}"}
}

func checkSQL(a rollout.Ask) error {
	if _, _, err := database(a.Address, ""); err != nil {
		return err
	}
	text := a.Events + a.Value
	if strings.Contains(text, "{{since") != strings.Contains(text, "{{until") {
		return errors.New("a query of a time needs both {{since}} and {{until}}")
	}
	return nil
}

// database says which driver an address is for, and what that is given.
func database(address, password string) (driver, dsn string, err error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok && path != "" {
		// Never made, and never written to.
		return "sqlite", "file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)", nil
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", "", errors.New("address must be postgres://user@host/database or sqlite:/path")
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return "", "", errors.New("address holds a password: put it into secrets, as a reference")
	}
	if password != "" {
		u.User = url.UserPassword(u.User.Username(), password)
	}
	return "pgx", u.String(), nil
}

func newSQL(deps Deps, a asked) (*rows, error) {
	a = a.lagged(0)
	driver, dsn, err := database(a.fill(a.ask.Address), a.secrets["password"])
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, errors.New(a.redact(err.Error()))
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(time.Minute)
	s := &rows{asked: a, db: db, now: deps.Now, sqlite: driver == "sqlite", count: counter{asked: a}}
	s.query, s.params = parameters(a.ask.Events + a.ask.Value)
	return s, nil
}

// parameters turns placeholders into parameters: what is filled in is never a part of
// the query.
func parameters(query string) (text string, names []string) {
	text = regexp.MustCompile(`\{\{[a-z_]+\}\}`).ReplaceAllStringFunc(query, func(name string) string {
		i := slices.Index(names, name)
		if i < 0 {
			names = append(names, name)
			i = len(names) - 1
		}
		return "$" + strconv.Itoa(i+1)
	})
	return text, names
}

// ofTime reports whether the query is asked for a time.
func (s *rows) ofTime() bool {
	return slices.Contains(s.params, "{{since}}") || slices.Contains(s.params, "{{since_unix}}")
}

func (s *rows) arguments(from, to time.Time) []any {
	var all []any
	for _, p := range s.params {
		switch p {
		case "{{service}}":
			all = append(all, s.service)
		case "{{environment}}":
			all = append(all, s.environment)
		case "{{since}}":
			all = append(all, s.moment(from))
		case "{{until}}":
			all = append(all, s.moment(to))
		case "{{since_unix}}":
			all = append(all, from.Unix())
		default:
			all = append(all, to.Unix())
		}
	}
	return all
}

// moment is a time as the database compares it: SQLite has texts, as its datetime() writes them.
func (s *rows) moment(t time.Time) any {
	if s.sqlite {
		return t.UTC().Format(time.DateTime)
	}
	return t
}

// Sample asks for the totals now, or for what happened since the last look.
func (s *rows) Sample(ctx context.Context, hosts []string) ([]engine.Sample, error) {
	to := s.now().Add(-s.lag).Truncate(time.Second)
	from, looked := s.from, s.looked
	if !looked && s.ofTime() {
		// Not from the lag before: hosts ran something else then, or were being changed.
		s.from, s.looked = to.Add(s.lag), true
		s.due = s.from.Add(s.lag)
		if err := s.db.PingContext(ctx); err != nil || s.lag == 0 {
			return nil, err
		}
		return nil, s.early(s.due)
	}
	switch {
	case !s.ofTime() || to.After(from):
	case s.now().Before(s.due.Add(time.Second)):
		return nil, s.early(s.due)
	default:
		return nil, nil
	}
	all, err := s.read(ctx, from, to)
	if err != nil {
		return nil, err
	}
	s.from, s.looked = to, true
	if s.kind != rollout.Gauge && !s.ofTime() {
		return s.count.tell(s.now(), hosts, all)
	}
	samples, gaps := s.fresh(hosts, all, to.Sub(from))
	if !looked {
		samples = nil
	}
	return samples, only(gaps)
}

// Past asks for each step, when the query is of a time.
func (s *rows) Past(ctx context.Context, hosts []string, from, to time.Time, step time.Duration) ([][]engine.Sample, error) {
	if !s.ofTime() {
		return nil, nil
	}
	var out [][]engine.Sample
	for at := from; !at.Add(step).After(to); at = at.Add(step) {
		all, err := s.read(ctx, at, at.Add(step))
		if err != nil {
			return out, err
		}
		samples, _ := s.fresh(hosts, all, step)
		out = append(out, samples)
	}
	return out, nil
}

// mostRows bounds an answer.
const mostRows = 10000

// read asks the query in a transaction that may only read.
func (s *rows) read(ctx context.Context, from, to time.Time) (all []reading, err error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: !s.sqlite}) // SQLite was opened for reading
	if err != nil {
		return nil, fmt.Errorf("ask the database: %s", s.redact(err.Error()))
	}
	defer func() {
		if failed := tx.Rollback(); failed != nil && err == nil && !errors.Is(failed, sql.ErrTxDone) {
			err = fmt.Errorf("ask the database: %s", s.redact(failed.Error()))
		}
	}()
	answer, err := tx.QueryContext(ctx, s.query, s.arguments(from, to)...)
	if err != nil {
		return nil, fmt.Errorf("ask the database: %s", s.redact(err.Error()))
	}
	defer answer.Close()
	columns, err := answer.Columns()
	if err != nil {
		return nil, fmt.Errorf("ask the database: %s", s.redact(err.Error()))
	}
	seen := map[string]bool{}
	for answer.Next() {
		row, err := s.row(answer, columns)
		if err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		if seen[row[0].host] {
			return nil, fmt.Errorf("the query gives more than one row of %s: GROUP BY the host", oneLine(row[0].host))
		}
		seen[row[0].host] = true
		if all = append(all, row...); len(seen) > mostRows {
			return nil, fmt.Errorf("the query gives more than %d rows: give one a host", mostRows)
		}
	}
	if err := answer.Err(); err != nil {
		return nil, fmt.Errorf("ask the database: %s", s.redact(err.Error()))
	}
	return all, nil
}

// row reads host, events, exposure or host, events or host, value. A row with NULL says nothing.
func (s *rows) row(answer *sql.Rows, columns []string) ([]reading, error) {
	roles := []string{roleEvents, roleExposure}
	if s.kind == rollout.Gauge {
		roles = []string{"value"}
	}
	if len(columns) == 2 {
		roles = roles[:1] // the exposure is time
	}
	if len(columns) != len(roles)+1 {
		return nil, fmt.Errorf("the query gives the columns %s, and must give host, %s", strings.Join(columns, ", "), strings.Join(roles, ", "))
	}
	var host sql.NullString
	numbers := make([]sql.NullFloat64, len(roles))
	into := []any{&host}
	for i := range numbers {
		into = append(into, &numbers[i])
	}
	if err := answer.Scan(into...); err != nil {
		return nil, fmt.Errorf("a row of the query: %s", s.redact(err.Error()))
	}
	var all []reading
	for i, n := range numbers {
		if !n.Valid || !host.Valid {
			return nil, nil
		}
		if n.Float64 < 0 && s.kind != rollout.Gauge {
			return nil, fmt.Errorf("the query gives %g %s of %s: counts are not negative", n.Float64, roles[i], oneLine(host.String))
		}
		all = append(all, reading{host: host.String, role: roles[i], target: host.String, value: n.Float64})
	}
	return all, nil
}

// Close closes the connections.
func (s *rows) Close() error { return s.db.Close() }
