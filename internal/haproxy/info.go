package haproxy

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Info is who answers on a socket.
type Info struct {
	Version string
	Node    string
	// Pid and Started (seconds since 1970) change when the balancer is reloaded: counters
	// then begin anew, and sessions of the old process are out of sight.
	Pid     int
	Started int64
}

// Info asks the balancer who it is.
func (c *Client) Info(ctx context.Context) (Info, error) {
	e := Error{Op: "read the process information"}
	answer, err := c.read(ctx, e, "show info")
	if err != nil {
		return Info{}, err
	}
	i, err := parseInfo(answer)
	if err != nil {
		return Info{}, c.fault(e, ErrAnswer, err.Error())
	}
	return i, nil
}

// parseInfo reads "Key: value" lines. Start_time_sec exists from HAProxy 2.5 on; the
// pid alone then tells one process from another.
func parseInfo(answer string) (Info, error) {
	fields := map[string]string{}
	for line := range strings.Lines(answer) {
		if key, value, found := strings.Cut(line, ":"); found {
			fields[key] = strings.TrimSpace(value)
		}
	}
	pid, err := strconv.Atoi(fields["Pid"])
	if err != nil {
		return Info{}, fmt.Errorf("expected a number as Pid, found %q", oneLine(fields["Pid"]))
	}
	i := Info{Version: oneLine(fields["Version"]), Node: oneLine(fields["node"]), Pid: pid}
	if text := fields["Start_time_sec"]; text != "" {
		if i.Started, err = strconv.ParseInt(text, 10, 64); err != nil {
			return Info{}, fmt.Errorf("expected a number as Start_time_sec, found %q", oneLine(text))
		}
	}
	return i, nil
}
