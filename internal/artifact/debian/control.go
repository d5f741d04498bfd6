package debian

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Field is one field of a control file. Further lines of the value follow after a
// newline, without the one blank that marks them as such.
type Field struct {
	Name  string
	Value string
}

// Control is a control file of one paragraph, in the order in which it was written.
type Control []Field

// Value returns the value of a field by its name, whatever its case; "" when it is
// not there.
func (c Control) Value(name string) string {
	for _, f := range c {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// ParseControl reads a control file of one paragraph. Errors name the line.
func ParseControl(data []byte) (Control, error) {
	if i := invalidByte(data); i >= 0 {
		return nil, fmt.Errorf("line %d: it holds a byte that is not text in UTF-8", 1+strings.Count(string(data[:i]), "\n"))
	}
	var c Control
	ended := false
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" {
			ended = len(c) > 0
			continue
		}
		if ended {
			return nil, fmt.Errorf("line %d: a second paragraph; a control file has one", i+1)
		}
		var err error
		if c, err = c.add(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	return c, nil
}

// invalidByte finds the first byte that is not UTF-8 or is NUL; -1 when none is.
func invalidByte(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func (c Control) add(line string) (Control, error) {
	if line[0] == ' ' || line[0] == '\t' {
		if len(c) == 0 {
			return nil, fmt.Errorf("it goes on with a field, but none has begun")
		}
		c[len(c)-1].Value += "\n" + line[1:]
		return c, nil
	}
	name, value, found := strings.Cut(line, ":")
	if !found {
		return nil, fmt.Errorf("%q is no field; a field is Name: value", clip(line))
	}
	if err := checkFieldName(name); err != nil {
		return nil, err
	}
	for _, f := range c {
		if strings.EqualFold(f.Name, name) {
			return nil, fmt.Errorf("field %q is there twice", name)
		}
	}
	return append(c, Field{Name: name, Value: strings.Trim(value, " \t")}), nil
}

// checkFieldName holds a name to the printable characters that policy allows.
func checkFieldName(name string) error {
	if name == "" {
		return fmt.Errorf("a field without a name")
	}
	if name[0] == '-' || name[0] == '#' {
		return fmt.Errorf("field name %q starts with %q", clip(name), name[:1])
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f {
			return fmt.Errorf("field name %q holds a blank or a character that is not ASCII", clip(name))
		}
	}
	return nil
}

// CheckPackageName holds a package name to Debian's policy.
func CheckPackageName(name string) error {
	const rule = "two or more of a-z 0-9 + - . that start with a letter or a digit"
	if len(name) < 2 {
		return fmt.Errorf("package name %q is too short; a name is %s", name, rule)
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || isDigit(c)
		if letter || i > 0 && strings.IndexByte("+-.", c) >= 0 {
			continue
		}
		return fmt.Errorf("package name %q is not allowed; a name is %s", clip(name), rule)
	}
	return nil
}

// clip keeps what is quoted in an error short.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
