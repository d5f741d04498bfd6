package ansible

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// eventMost is the longest line of events that is read.
const eventMost = 16 << 20

var errEvent = errors.New("event of ansible")

// event is one line of the callback plugin.
type event struct {
	Event   string           `json:"event"` // start, result, stats
	Host    string           `json:"host"`
	Task    string           `json:"task"`
	State   string           `json:"state"`   // result: ok, failed, unreachable
	Ignored bool             `json:"ignored"` // result: the playbook goes on after it
	Message string           `json:"message"`
	Slipway *known           `json:"slipway"` // result of our own task
	Stats   map[string]count `json:"stats"`
}

// known is what the action plugin knows of its call. Answer is the helper's line;
// without one, Lost or Problem says why.
type known struct {
	Answer  string `json:"answer"`
	Lost    string `json:"lost"`
	Problem string `json:"problem"`
	Begun   bool   `json:"begun"`
	Calls   int    `json:"calls"`
}

// count is what Ansible counted on a host in the end.
type count struct {
	OK          int `json:"ok"`
	Failures    int `json:"failures"`
	Unreachable int `json:"unreachable"`
	Skipped     int `json:"skipped"`
}

// read gives every event of a stream to each, and returns at its end. A line that is
// no event is passed over and returned as the error in the end: what it would have
// told is then missing, which the caller sees by itself.
func read(r io.Reader, each func(event)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, eventMost)
	var first error
	for lines.Scan() {
		e, err := parse(lines.Bytes())
		if err != nil {
			first = errors.Join(first, err)
			continue
		}
		each(e)
	}
	return errors.Join(first, lines.Err())
}

func parse(line []byte) (event, error) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return event{}, fmt.Errorf("%w: %w", errEvent, err)
	}
	switch e.Event {
	case "start", "result":
		if e.Host == "" {
			return event{}, fmt.Errorf("%w: %s without a host", errEvent, e.Event)
		}
	case "stats":
		if e.Stats == nil {
			return event{}, fmt.Errorf("%w: stats without numbers", errEvent)
		}
	default:
		return event{}, fmt.Errorf("%w: it is called %q (allowed: start, result, stats)", errEvent, e.Event)
	}
	return e, nil
}
