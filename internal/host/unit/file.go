package unit

import (
	"fmt"
	"strings"
)

// File is the part of a unit file that a plain process can be run from.
type File struct {
	Exec        []string // program and arguments
	Directory   string   // WorkingDirectory
	Environment []string // KEY=value
}

// ParseFile reads a unit file for a local fleet: a strict subset of systemd's
// format. [Unit] and [Install] are there for systemd's sake and are not read;
// in [Service] anything but the keys known here is an error, since ignoring it would
// run the service differently from a real host.
func ParseFile(name string, text []byte) (File, error) {
	var f File
	section := ""
	at := 0
	for line := range strings.Lines(string(text)) {
		at++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1 : len(line)-1]
		case section == "Service":
			if err := f.set(line); err != nil {
				return File{}, fmt.Errorf("%s:%d: %w", name, at, err)
			}
		case section != "Unit" && section != "Install":
			return File{}, fmt.Errorf("%s:%d: %q is in section %q; a local fleet knows Unit, Service and Install", name, at, line, section)
		}
	}
	if len(f.Exec) == 0 {
		return File{}, fmt.Errorf("%s: no ExecStart in [Service]; a local fleet needs one", name)
	}
	return f, nil
}

func (f *File) set(line string) error {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok {
		return fmt.Errorf("found %q; write Key=value", line)
	}
	words, err := split(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	switch key {
	case "ExecStart":
		if len(words) == 0 || words[0][0] != '/' {
			return fmt.Errorf("ExecStart is %q; it must begin with an absolute path", value)
		}
		if f.Exec != nil {
			return fmt.Errorf("a second ExecStart; a local fleet runs one")
		}
		f.Exec = words
	case "WorkingDirectory":
		if len(words) != 1 || words[0][0] != '/' {
			return fmt.Errorf("WorkingDirectory is %q; it must be one absolute path", value)
		}
		f.Directory = words[0]
	case "Environment":
		for _, w := range words {
			if i := strings.IndexByte(w, '='); i < 1 {
				return fmt.Errorf("Environment has %q; write KEY=value", w)
			}
		}
		f.Environment = append(f.Environment, words...)
	case "Type":
		if value != "simple" && value != "exec" {
			return fmt.Errorf("type %q; a local fleet runs simple and exec", value)
		}
	case "Restart", "RestartSec", "User", "Group", "TimeoutStopSec", "TimeoutStartSec", "KillMode":
		// How systemd guards the process; a local fleet does not.
	default:
		return fmt.Errorf("%s is not known to a local fleet; it knows ExecStart, Environment and WorkingDirectory", key)
	}
	return nil
}

// split cuts a value into words the way systemd does: by white space, with single
// and double quotes, and a backslash before the next character inside double ones.
func split(value string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, open := byte(0), false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
			if i == len(value) {
				return nil, fmt.Errorf("ends in a backslash; several lines are not read")
			}
			word.WriteByte(value[i])
			open = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		case c == '$' || c == '%':
			return nil, fmt.Errorf("has %q; a local fleet does not expand variables and specifiers", string(c))
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if open {
		words = append(words, word.String())
	}
	return nonEmpty(words)
}

// nonEmpty refuses empty words: no key of a local fleet has a use for one.
func nonEmpty(words []string) ([]string, error) {
	for _, w := range words {
		if w == "" {
			return nil, fmt.Errorf("has an empty word")
		}
	}
	return words, nil
}
