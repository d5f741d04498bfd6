package runbook

import (
	"path"
	"slices"
	"strings"
)

// scanner cuts shell into simple commands. It knows as much of the language as is needed
// to find the words of what people write into runbooks, and takes anything without failing.
type scanner struct {
	text  string
	at    int
	place func(int) Position

	commands []Command
	current  Command
	docs     []string // here-documents that begin on the next line, by their last line
}

// commands finds the simple commands of a text. place tells where its bytes are.
func commands(text string, place func(int) Position) []Command {
	s := &scanner{text: text, place: place}
	for s.at < len(s.text) {
		s.next()
	}
	s.end()
	return s.commands
}

// next takes one word or one operator.
func (s *scanner) next() {
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "\\\n"):
		s.at += 2
	case c == ' ' || c == '\t' || c == '\r':
		s.at++
	case c == '\n':
		s.at++
		s.end()
		s.skipDocuments()
	case c == '#':
		s.at += line(rest)
	case c == ';' || c == '&' || c == '|' || c == '(' || c == ')':
		s.at++
		s.end()
	case s.redirects(rest):
	default:
		s.word()
	}
}

// end finishes the command at hand.
func (s *scanner) end() {
	words := s.current.Words
	for len(words) > 0 && (reserved(words[0].Text) || assignment.MatchString(words[0].Text)) {
		words = words[1:]
	}
	if len(words) > 0 {
		s.commands = append(s.commands, Command{Words: words})
	}
	s.current = Command{}
}

func reserved(text string) bool {
	return slices.Contains([]string{"if", "then", "else", "elif", "do", "while", "until", "!", "time", "{", "}", "done", "fi"}, text)
}

// redirects takes a redirection with its target, and reports whether there was one.
func (s *scanner) redirects(rest string) bool {
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if n == len(rest) || rest[n] != '<' && rest[n] != '>' || leadingBlank(rest) > 0 {
		return false
	}
	m := n
	for m < len(rest) && strings.IndexByte("<>&|-", rest[m]) >= 0 {
		m++
	}
	operator := rest[n:m]
	s.at += m
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
	words := s.current.Words
	if s.at < len(s.text) && !strings.ContainsRune("\n;&|()<>", rune(s.text[s.at])) {
		s.word()
	}
	if operator == "<<" || operator == "<<-" {
		for _, w := range s.current.Words[len(words):] {
			s.docs = append(s.docs, w.Text)
		}
	}
	s.current.Words = words
	return true
}

// skipDocuments passes over the here-documents that begin here.
func (s *scanner) skipDocuments() {
	for _, last := range s.docs {
		for s.at < len(s.text) {
			n := line(s.text[s.at:])
			text := s.text[s.at : s.at+n]
			s.at = min(s.at+n+1, len(s.text))
			if strings.TrimSpace(text) == last {
				break
			}
		}
	}
	s.docs = nil
}

// word takes one word, its quotes and substitutions included.
func (s *scanner) word() {
	w := Word{At: s.place(s.at)}
	var b strings.Builder
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		c := rest[0]
		switch {
		case leadingBlank(rest) > 0:
			n := leadingBlank(rest)
			b.WriteString(rest[:n])
			w.Opaque = true
			s.at += n
			continue
		case strings.IndexByte(" \t\r\n;&|()<>", c) >= 0:
			w.Text = b.String()
			s.current.Words = append(s.current.Words, w)
			return
		}
		text, opaque := s.piece(rest)
		b.WriteString(text)
		w.Opaque = w.Opaque || opaque
	}
	w.Text = b.String()
	s.current.Words = append(s.current.Words, w)
}

// piece takes a part of a word, and reports whether a shell would put something else there.
func (s *scanner) piece(rest string) (text string, opaque bool) {
	switch c := rest[0]; {
	case c == '\\':
		s.at += min(2, len(rest))
		return strings.TrimPrefix(rest[1:min(2, len(rest))], "\n"), false
	case c == '\'' || c == '"':
		n := closing(rest, c)
		s.at += n
		text = strings.TrimSuffix(rest[1:n], string(c))
		return text, c == '"' && strings.ContainsAny(text, "$`") || templated(text)
	case c == '`':
		n := closing(rest, c)
		s.at += n
		return rest[:n], true
	case strings.HasPrefix(rest, "{{"):
		n := strings.Index(rest, "}}")
		if n < 0 || strings.Contains(rest[:n], "\n") {
			s.at += 2
			return "{{", true
		}
		s.at += n + 2
		return rest[:n+2], true
	case strings.HasPrefix(rest, "$(") || strings.HasPrefix(rest, "${"):
		n := balanced(rest[1:]) + 1
		s.at += n
		return rest[:n], true
	}
	s.at++
	return rest[:1], strings.IndexByte("$*?[{", rest[0]) >= 0
}

func templated(text string) bool { return strings.Contains(text, "{{") || blank.MatchString(text) }

// leadingBlank is the length of a "<host>" at the beginning of a text, for a person to fill in.
func leadingBlank(text string) int {
	if !strings.HasPrefix(text, "<") {
		return 0
	}
	return len(blankFirst.FindString(text))
}

// line is the length of the first line of a text.
func line(text string) int {
	if n := strings.IndexByte(text, '\n'); n >= 0 {
		return n
	}
	return len(text)
}

// closing is the length of a quoted text, its quotes included.
func closing(text string, quote byte) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '\'':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// balanced is the length of a text up to the bracket that closes its first one.
func balanced(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '{':
			depth++
		case ')', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// program is the name of what a command runs, and its arguments. What only goes before
// another command, such as sudo, is left out.
func (c Command) program() (string, []Word) {
	words := c.Words
	for len(words) > 0 {
		name := path.Base(words[0].Text)
		switch name {
		case "sudo", "nohup", "exec", "env", "watch", "command", "time", "timeout", "nice":
			words = unwrapped(words[1:])
		default:
			return name, words[1:]
		}
	}
	return "", nil
}

// unwrapped drops the flags, values and assignments that belong to a wrapper.
func unwrapped(words []Word) []Word {
	for len(words) > 0 {
		text := words[0].Text
		switch {
		case slices.Contains([]string{"-u", "-g", "-n", "-k", "-s", "--user", "--interval"}, text) && len(words) > 1:
			words = words[2:]
		case strings.HasPrefix(text, "-"), assignment.MatchString(text), text != "" && text[0] >= '0' && text[0] <= '9':
			words = words[1:]
		default:
			return words
		}
	}
	return words
}
