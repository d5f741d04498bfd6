package haproxy

import (
	"errors"
	"strings"
)

// What a balancer can answer, or not answer. Test with errors.Is.
var (
	ErrUnreachable = errors.New("balancer cannot be reached")
	ErrNoBackend   = errors.New("no such backend")
	ErrNoServer    = errors.New("no such server")
	ErrPermission  = errors.New("the socket does not allow it: it needs `level admin`")
	ErrRefused     = errors.New("refused")
	ErrAnswer      = errors.New("answer not understood")
)

// Error is what went wrong, and where.
type Error struct {
	Balancer string // its address as configured
	Backend  string // empty when the command is about none
	Server   string // empty when the command is about none
	Op       string // what was attempted: "set state drain"
	Text     string // the balancer's or the system's own words, in one line
	Err      error  // one of the sentinels
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if where := e.where(); where != "" {
		b.WriteString(" of " + where)
	}
	b.WriteString(" on " + e.Balancer + ": " + e.Err.Error())
	if e.Text != "" {
		b.WriteString(" (" + e.Text + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) where() string {
	if e.Server == "" {
		return e.Backend
	}
	return e.Backend + "/" + e.Server
}

// refusal turns the text of an answer to a command that should answer nothing
// into an error; nil when the answer is empty.
func refusal(answer string) (kind error, text string) {
	text = oneLine(answer)
	switch {
	case text == "":
		return nil, ""
	case strings.HasPrefix(text, "No such server"):
		return ErrNoServer, ""
	case strings.HasPrefix(text, "No such backend"), strings.HasPrefix(text, "No such proxy"),
		strings.HasPrefix(text, "Can't find backend"):
		return ErrNoBackend, ""
	case strings.HasPrefix(text, "Permission denied"):
		return ErrPermission, ""
	}
	return ErrRefused, text
}

// oneLine squeezes a text of strangers into at most 200 printable characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "..."
	}
	return s
}
