package method

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/engine"
	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/rollout"
)

// reasonLimit keeps a reason to what fits a line of a report.
const reasonLimit = 300

// Response reads the one line of JSON that the helper printed.
func Response(line []byte) (host.Response, error) {
	var r host.Response
	if err := json.Unmarshal(bytes.TrimSpace(line), &r); err != nil {
		return host.Response{}, fmt.Errorf("answer of the helper: %w (it began with %q)", err, Line(string(line)))
	}
	if r.Protocol != host.Protocol {
		return host.Response{}, fmt.Errorf("answer of the helper: protocol %d, and this program speaks %d", r.Protocol, host.Protocol)
	}
	if r.Code == "" {
		return host.Response{}, errors.New("answer of the helper: it has no code")
	}
	return r, nil
}

// Report returns what a helper's answer means for a host.
func Report(name string, verb host.Verb, r host.Response) engine.Report {
	out := engine.Report{
		Host:    name,
		Outcome: outcome(r.Code),
		Begun:   r.Begun && changes(verb),
		Version: r.Version,
		Digest:  r.State,
		Equal:   r.Equal,
		Adopted: r.Adopted,
		Detail:  detail(r),
	}
	if verb == host.Restore && r.Code == host.CodeOK && !r.Equal {
		// A restore is proven by reading back, never by the absence of an error.
		out.Outcome, r.Reason = rollout.Failed, "restored, but what was read back is not equal to what was recorded"
	}
	if out.Outcome != rollout.OK {
		out.Reason = Reason(r)
	}
	return out
}

// Failure is the report of a host on which the work could not be done. begun is true
// when the host may have been changed all the same.
func Failure(name string, verb host.Verb, reason string, begun bool) engine.Report {
	return engine.Report{Host: name, Outcome: rollout.Failed, Reason: Line(reason), Begun: begun && changes(verb)}
}

// Lost is the report of a host that gave no answer. begun is true when the helper
// may have started on it.
func Lost(name string, verb host.Verb, reason string, begun bool) engine.Report {
	return engine.Report{Host: name, Outcome: rollout.Unreachable, Reason: Line(reason), Begun: begun && changes(verb)}
}

// Reason is a helper's reason in one line; the code stands in when it gave none.
func Reason(r host.Response) string {
	if r.Reason == "" {
		return Line("the helper said only: " + string(r.Code))
	}
	return Line(r.Reason)
}

// Line makes one short line of a text.
func Line(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > reasonLimit {
		return string(r[:reasonLimit-3]) + "..."
	}
	return s
}

func outcome(c host.Code) rollout.Outcome {
	switch c {
	case host.CodeOK:
		return rollout.OK
	case host.CodeUnhealthy, host.CodeCheck:
		return rollout.Unhealthy
	}
	return rollout.Failed
}

func changes(v host.Verb) bool { return v == host.Update || v == host.Restore }

// detail is what a person may want to see of an answer beside its reason.
func detail(r host.Response) string {
	if len(r.Differences) == 0 && len(r.Steps) == 0 {
		return ""
	}
	b, err := json.Marshal(struct {
		Differences []host.Difference `json:"differences,omitempty"`
		Steps       []host.Step       `json:"steps,omitempty"`
	}{r.Differences, r.Steps})
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(b)
}
