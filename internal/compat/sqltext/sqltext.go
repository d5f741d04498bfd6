// Package sqltext cuts SQL into statements and words, so that what stands in a comment, a
// string or a quoted body is never taken for a statement. It knows the quoting of
// PostgreSQL, MySQL and SQLite and no grammar. internal/compat/migration reads with it.
package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind int

// The kinds of token.
const (
	Word   Kind = iota // a bare word: a keyword or a name
	Quoted             // a quoted name, "x", `x` or [x]
	String             // a string or a dollar-quoted body
	Number
	Symbol // one character
)

// Token is one word of SQL. Text is a name without its quotes, a string without them, a
// bare word as written.
type Token struct {
	Kind         Kind
	Text         string
	Line, Column int
}

// Is says whether the token is the bare keyword or the symbol, in any case.
func (t Token) Is(keyword string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && strings.EqualFold(t.Text, keyword)
}

// Statement is what stands between two semicolons.
type Statement struct {
	Tokens []Token
}

// Comment is a comment's text, without its marks.
type Comment struct {
	Text string
	Line int
}

// Script is a file of SQL.
type Script struct {
	Statements []Statement
	Comments   []Comment
}

// Quoting says what differs between databases.
type Quoting struct {
	Backslash bool // a backslash escapes in strings, # begins a comment (MySQL)
	Dollar    bool // $tag$ bodies (PostgreSQL)
	Brackets  bool // [x] is a name (SQLite)
	// StringDouble: "x" is a string (MySQL without ANSI_QUOTES).
	StringDouble bool
}

// scanner walks over a script.
type scanner struct {
	Quoting
	text         string
	at           int
	line, column int
	out          Script
	current      []Token
	delimiter    string
	bodies       int // open BEGIN ... END of a trigger or routine
}

// Scan cuts a script. It never fails: what is open at the end ends there.
func Scan(text string, q Quoting) Script {
	s := &scanner{Quoting: q, text: strings.TrimPrefix(text, "\ufeff"), line: 1, column: 1, delimiter: ";"}
	for s.at < len(s.text) {
		s.next()
	}
	s.flush()
	return s.out
}

func (s *scanner) rest() string { return s.text[s.at:] }

// advance moves over n bytes and counts lines.
func (s *scanner) advance(n int) {
	for _, r := range s.text[s.at : s.at+n] {
		if r == '\n' {
			s.line, s.column = s.line+1, 1
		} else {
			s.column++
		}
	}
	s.at += n
}

func (s *scanner) flush() {
	if len(s.current) > 0 {
		s.out.Statements = append(s.out.Statements, Statement{s.current})
	}
	s.current, s.bodies = nil, 0
}

func (s *scanner) emit(kind Kind, text string, n int) {
	s.current = append(s.current, Token{kind, text, s.line, s.column})
	s.advance(n)
}

func (s *scanner) next() {
	rest := s.rest()
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case s.delimiter != ";" && strings.HasPrefix(rest, s.delimiter):
		s.flush()
		s.advance(len(s.delimiter))
	case r == ';' && s.delimiter == ";" && s.bodies == 0:
		s.flush()
		s.advance(1)
	case unicode.IsSpace(r):
		s.advance(size)
	case strings.HasPrefix(rest, "--") || s.Backslash && r == '#':
		s.lineComment()
	case strings.HasPrefix(rest, "/*"):
		s.blockComment()
	case r == '\'':
		s.quoted(String, '\'', s.Backslash || s.escapeString())
	case r == '"' && s.StringDouble:
		s.quoted(String, '"', true)
	case r == '"':
		s.quoted(Quoted, '"', false)
	case r == '`':
		s.quoted(Quoted, '`', false)
	case r == '[' && s.Brackets && strings.IndexByte(rest, ']') > 0:
		end := strings.IndexByte(rest, ']')
		s.emit(Quoted, rest[1:end], end+1)
	case r == '$' && s.Dollar && s.dollar():
	case unicode.IsLetter(r) || r == '_':
		s.word()
	case unicode.IsDigit(r):
		s.emit(Number, rest[:span(rest, "0123456789.eExX_abcdefABCDEF")], span(rest, "0123456789.eExX_abcdefABCDEF"))
	default:
		s.emit(Symbol, rest[:size], size)
	}
}

func span(text, set string) int {
	n := 0
	for n < len(text) && strings.IndexByte(set, text[n]) >= 0 {
		n++
	}
	return max(1, n)
}

// escapeString says whether the quote that comes belongs to E'...'.
func (s *scanner) escapeString() bool {
	if !s.Dollar || len(s.current) == 0 || s.at == 0 {
		return false
	}
	last := s.current[len(s.current)-1]
	before := s.text[s.at-1]
	if last.Kind != Word || !strings.EqualFold(last.Text, "e") || before != 'e' && before != 'E' {
		return false
	}
	s.current = s.current[:len(s.current)-1]
	return true
}

func (s *scanner) lineComment() {
	line := s.rest()
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	s.out.Comments = append(s.out.Comments, Comment{strings.TrimSpace(strings.TrimLeft(line, "-#")), s.line})
	s.advance(len(line))
}

// blockComment reads /* ... */, which PostgreSQL nests. What MySQL runs from /*! ... */ is
// read as SQL.
func (s *scanner) blockComment() {
	rest := s.rest()
	if s.Backslash && strings.HasPrefix(rest, "/*!") {
		s.advance(3)
		s.advance(span(s.rest()+" ", "0123456789") * digit(s.rest()))
		return
	}
	depth, i := 0, 0
	for i < len(rest) {
		switch {
		case strings.HasPrefix(rest[i:], "/*") && (depth == 0 || s.Dollar):
			depth, i = depth+1, i+2
		case strings.HasPrefix(rest[i:], "*/"):
			depth, i = depth-1, i+2
		default:
			i++
		}
		if depth == 0 {
			break
		}
	}
	text := strings.TrimSuffix(strings.TrimPrefix(rest[:i], "/*"), "*/")
	s.out.Comments = append(s.out.Comments, Comment{strings.TrimSpace(text), s.line})
	s.advance(i)
}

func digit(text string) int {
	if text != "" && text[0] >= '0' && text[0] <= '9' {
		return 1
	}
	return 0
}

func (s *scanner) quoted(kind Kind, quote byte, backslash bool) {
	rest := s.rest()
	var text strings.Builder
	i := 1
	for i < len(rest) {
		if backslash && rest[i] == '\\' && i+1 < len(rest) {
			text.WriteByte(rest[i+1])
			i += 2
			continue
		}
		if rest[i] == quote {
			if i+1 < len(rest) && rest[i+1] == quote {
				text.WriteByte(quote)
				i += 2
				continue
			}
			i++
			break
		}
		text.WriteByte(rest[i])
		i++
	}
	s.emit(kind, text.String(), i)
}

// dollar reads $tag$ ... $tag$; it says no when this is no such quote.
func (s *scanner) dollar() bool {
	rest := s.rest()
	end := strings.IndexByte(rest[1:], '$')
	if end < 0 || strings.ContainsFunc(rest[1:end+1], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		return false
	}
	if end > 0 && unicode.IsDigit(rune(rest[1])) {
		return false
	}
	tag := rest[:end+2]
	body := rest[len(tag):]
	length := strings.Index(body, tag)
	if length < 0 {
		s.emit(String, body, len(rest))
		return true
	}
	s.emit(String, body[:length], len(tag)+length+len(tag))
	return true
}

func (s *scanner) word() {
	rest := s.rest()
	end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '$' })
	if end < 0 {
		end = len(rest)
	}
	text := rest[:end]
	if len(s.current) == 0 && strings.EqualFold(text, "delimiter") && s.Backslash {
		s.setDelimiter()
		return
	}
	s.emit(Word, text, end)
	s.body(text)
}

// setDelimiter follows the MySQL client's DELIMITER.
func (s *scanner) setDelimiter() {
	line := s.rest()
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	if fields := strings.Fields(line); len(fields) > 1 {
		s.delimiter = fields[1]
	}
	s.advance(len(line))
}

// body counts BEGIN, CASE and END inside CREATE TRIGGER, PROCEDURE and FUNCTION, whose
// statements end in semicolons of their own.
func (s *scanner) body(word string) {
	if !s.inRoutine() {
		return
	}
	switch strings.ToUpper(word) {
	case "BEGIN", "CASE":
		s.bodies++
	case "END":
		s.bodies = max(0, s.bodies-1)
	case "IF", "LOOP", "WHILE", "REPEAT":
		if n := len(s.current); n > 1 && s.current[n-2].Is("end") {
			s.bodies++ // END IF closes what BEGIN did not open
		}
	}
}

func (s *scanner) inRoutine() bool {
	if len(s.current) < 3 || !s.current[0].Is("create") {
		return false
	}
	for _, t := range s.current[1:] {
		switch {
		case t.Is("trigger"), t.Is("procedure"), t.Is("function"), t.Is("event"):
			return true
		case t.Kind == Symbol && t.Text == "(", t.Is("table"), t.Is("index"), t.Is("view"), t.Is("type"):
			return false
		}
	}
	return false
}
