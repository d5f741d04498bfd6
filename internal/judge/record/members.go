package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// members calls take with the name and the text of each member of an object. Its value is
// one that is valid JSON: take need not check that again.
func members(object []byte, take func(name, value []byte) error) error {
	if !json.Valid(object) {
		return broken(object)
	}
	if object[0] != '{' {
		return fmt.Errorf("found %s: wanted is one JSON object a line", shown(object))
	}
	for rest := blank(object[1:]); rest[0] != '}'; {
		name, after := value(rest)
		var v []byte
		v, rest = value(blank(after)[1:]) // behind the colon
		if err := take(unquoted(name), v); err != nil {
			return err
		}
		if rest = blank(rest); rest[0] == ',' {
			rest = blank(rest[1:])
		}
	}
	return nil
}

// elements calls take with the text of each element of an array; ok is false when it is none.
func elements(array []byte, take func(value []byte) error) (ok bool, err error) {
	if array[0] != '[' {
		return false, nil
	}
	for rest := blank(array[1:]); rest[0] != ']'; {
		var v []byte
		v, rest = value(rest)
		if err := take(v); err != nil {
			return true, err
		}
		if rest = blank(rest); rest[0] == ',' {
			rest = blank(rest[1:])
		}
	}
	return true, nil
}

// broken says what is wrong with a line that is not JSON.
func broken(line []byte) error {
	if bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
		return errors.New("found a byte order mark: write the file as UTF-8 without one")
	}
	var one json.RawMessage
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&one); err == nil {
		return behind(line, one, blank(line[d.InputOffset():]))
	}
	err := json.Unmarshal(line, &one)
	return fmt.Errorf("found %s, which is not JSON (%v): wanted is one JSON object a line", shown(line), err)
}

// behind says what is wrong with a line that goes on after its first value.
func behind(line, first, rest []byte) error {
	switch {
	case first[0] != '{':
		return fmt.Errorf("found %s: wanted is one JSON object a line", shown(line))
	case rest[0] == '{':
		return errors.New("found more than one object: wanted is one a line")
	}
	return fmt.Errorf("found %s after the object: wanted is one JSON object a line and nothing else", shown(rest))
}

// value cuts the first value off valid JSON.
func value(s []byte) (v, rest []byte) {
	s = blank(s)
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				return s[:i+1], s[i+1:]
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return s[:i], s[i:] // a number ends where what holds it does
			}
			if depth--; depth == 0 {
				return s[:i+1], s[i+1:]
			}
		case depth == 0 && (c == ',' || c == ':' || space(c)):
			return s[:i], s[i:]
		}
	}
	return s, nil
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// blank takes leading space off.
func blank(s []byte) []byte {
	for len(s) > 0 && space(s[0]) {
		s = s[1:]
	}
	return s
}

// number reads a value that is a number.
func number(v []byte) (float64, error) {
	if c := v[0]; c != '-' && (c < '0' || c > '9') {
		return 0, fmt.Errorf("found %s: wanted is a number", shown(v))
	}
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0, fmt.Errorf("found %s: no number is so large", shown(v))
	}
	return n, nil
}

// unquoted is what a JSON string says.
func unquoted(v []byte) []byte {
	if plain := v[1 : len(v)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return plain
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return v // it is valid JSON: this does not happen
	}
	return []byte(s)
}

// texts is the strings that were read, each once.
type texts map[string]string

// of reads a value that is a string.
func (t texts) of(v []byte) (string, error) {
	if v[0] != '"' {
		return "", fmt.Errorf("found %s: wanted is a text in quotes", shown(v))
	}
	plain := unquoted(v)
	if s, known := t[string(plain)]; known {
		return s, nil
	}
	s := string(plain)
	t[s] = s
	return s, nil
}

// shown is what was found, cut when it is long.
func shown(v []byte) string {
	steers := func(c rune) bool { return c != '\t' && !unicode.IsPrint(c) }
	if len(v) == 0 || len(v) > mostShown || !utf8.Valid(v) || bytes.ContainsFunc(v, steers) {
		return quoted(string(v))
	}
	return string(v)
}

// mostShown is how many bytes of what was found are shown.
const mostShown = 60

// quoted is a text in quotes, cut when it is long.
func quoted(s string) string {
	if len(s) > mostShown {
		return strconv.Quote(s[:mostShown]) + "..."
	}
	return strconv.Quote(s)
}
