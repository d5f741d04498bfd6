package haproxy

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Stat is one server's line of `show stat`.
type Stat struct {
	Backend string
	Server  string
	ID      int
	Status  string // UP, DOWN, DRAIN, MAINT, "no check", "UP 1/3", ...
	Weight  int    // effective weight; 0 in TCP and HTTP alike when nothing is to be sent

	Sessions int64 // being served now
	Queued   int64 // waiting for this server now

	Total      int64 // sessions ever given to it: in HTTP one a request and try
	Retries    int64 // tries repeated on it after a refused connection
	Redispatch int64 // requests given to another server after that
	Status5xx  int64 // answers 500 to 599 that the server gave
	ConnErrors int64 // requests that ended because no connection could be made
	RespErrors int64 // no answer, an answer cut off, or not HTTP
	// Milliseconds on average over its latest requests (HAProxy's last 1024): queued,
	// connecting, until its answer began, and in all.
	QueueTime, ConnectTime, ResponseTime, TotalTime int64

	CheckStatus string // L7OK, L4CON, ...; empty without checks
	CheckText   string // what the last check said
	Cookie      string // its persistence cookie, if any
	Tracks      string // backend/server whose checks it takes over, if any

	rise, fall, health int64
}

// Checked reports whether the server has health checks of its own that run now.
func (s Stat) Checked() bool { return s.CheckStatus != "" }

// Down reports whether the checks hold the server for down.
func (s Stat) Down() bool {
	return strings.HasPrefix(s.Status, "DOWN") || strings.HasPrefix(s.Status, "NOLB") || strings.HasPrefix(s.Status, "MAINT")
}

// Proven reports whether a check succeeded since a Recheck without force.
func (s Stat) Proven() bool { return !s.Down() && s.health >= s.rise+s.fall-1 }

// Distinct reports whether Proven can be told from just up: with fall 1 both look
// alike, and Recheck needs force.
func (s Stat) Distinct() bool { return s.fall > 1 }

// Stats returns the servers of a backend; id picks one by Server.ID, -1 is all.
func (c *Client) Stats(ctx context.Context, backend string, id int) ([]Stat, error) {
	e := Error{Backend: backend, Op: "read the statistics"}
	if err := CheckName(backend); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Address(), err)
	}
	const servers = 4 // the type mask of show stat: 1 frontends, 2 backends, 4 servers
	answer, err := c.read(ctx, e, fmt.Sprintf("show stat %s %d %d", backend, servers, id))
	if err != nil {
		return nil, err
	}
	stats, err := parseStats(answer)
	if err != nil {
		return nil, c.fault(e, ErrAnswer, err.Error())
	}
	return stats, nil
}

// parseStats reads the CSV by its header; unknown columns are left alone.
func parseStats(answer string) ([]Stat, error) {
	text, found := strings.CutPrefix(answer, "# ")
	if !found {
		return nil, fmt.Errorf("expected the header of the statistics, found %q", oneLine(firstLine(answer)))
	}
	r := csv.NewReader(strings.NewReader(text))
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("header of the statistics: %w", err)
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	if err := missing(column); err != nil {
		return nil, err
	}
	var stats []Stat
	for {
		values, err := r.Read()
		if err == io.EOF {
			return stats, nil
		}
		if err != nil {
			return nil, fmt.Errorf("statistics: %w", err)
		}
		s, err := parseStat(row{column, values})
		if err != nil {
			return nil, err
		}
		stats = append(stats, s)
	}
}

func missing(column map[string]int) error {
	for _, name := range []string{"pxname", "svname", "scur", "qcur", "stot", "econ", "eresp", "hrsp_5xx", "status", "sid"} {
		if _, ok := column[name]; !ok {
			return fmt.Errorf("the statistics have no column %s", name)
		}
	}
	return nil
}

// row is one line of the CSV.
type row struct {
	column map[string]int
	values []string
}

func (r row) text(name string) string {
	i, ok := r.column[name]
	if !ok || i >= len(r.values) {
		return ""
	}
	return strings.TrimSpace(r.values[i])
}

func parseStat(r row) (Stat, error) {
	var bad error
	number := func(name string) int64 {
		text := r.text(name)
		if text == "" {
			return 0 // not counted for this kind of server
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if (err != nil || n < 0) && bad == nil {
			bad = fmt.Errorf("server %s/%s: column %s: expected a count, found %q", r.text("pxname"), r.text("svname"), name, oneLine(text))
		}
		return n
	}
	s := Stat{
		Backend: r.text("pxname"), Server: r.text("svname"), ID: int(number("sid")),
		Status: r.text("status"), Weight: int(number("weight")),
		Sessions: number("scur"), Queued: number("qcur"),
		Total: number("stot"), Retries: number("wretr"), Redispatch: number("wredis"),
		Status5xx: number("hrsp_5xx"), ConnErrors: number("econ"), RespErrors: number("eresp"),
		QueueTime: number("qtime"), ConnectTime: number("ctime"), ResponseTime: number("rtime"), TotalTime: number("ttime"),
		// A check under way is marked with a star.
		CheckStatus: strings.TrimPrefix(r.text("check_status"), "* "),
		CheckText:   oneLine(r.text("last_chk")), Cookie: r.text("cookie"), Tracks: r.text("tracked"),
		rise: number("check_rise"), fall: number("check_fall"), health: number("check_health"),
	}
	return s, bad
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
