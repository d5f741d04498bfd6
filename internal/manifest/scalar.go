package manifest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"

	durations "github.com/slipway-deploy/slipway/internal/duration"
)

// word is a text that matches a pattern. The patterns are written in the part of
// the syntax that Go and JSON Schema share.
type word struct {
	what    string // in words, with an example
	pattern string
	limit   int // most characters; 0: 200
}

func (w word) length() int {
	if w.limit == 0 {
		return 200
	}
	return w.limit
}

// matches reports whether a text may stand here.
func (w word) matches(s string) bool {
	return len([]rune(s)) <= w.length() && regexp.MustCompile(w.pattern).MatchString(s)
}

// wordOf is the shape of a word.
func wordOf(w word) shape[string] {
	pattern := regexp.MustCompile(w.pattern)
	return shape[string]{
		allowed: w.what,
		kinds:   []kind{text},
		read: func(r *reader, n ast.Node) (string, bool) {
			s := strings.Clone(scalar(n))
			if len([]rune(s)) > w.length() || !pattern.MatchString(s) {
				r.wrong(n, w.what)
				return "", false
			}
			return s, true
		},
		write: func(s string) any {
			if s == "" {
				return nil
			}
			return s
		},
		schema: func(*definitions) *jsonschema.Schema {
			return &jsonschema.Schema{Type: "string", Pattern: w.pattern, MaxLength: new(uint64(w.length()))}
		},
	}
}

// url is an address that a host may ask itself.
func url() shape[string] { return openURL(address()) }

// openURL is an address that is printed. One with a password is refused without being
// shown.
func openURL(w word) shape[string] {
	return guarded(w, func(user string) bool { return true })
}

// databaseURL is an address of a database: with a user, and without the password.
func databaseURL() shape[string] {
	return guarded(databaseAddress(), func(user string) bool { return strings.Contains(user, ":") })
}

// guarded is an address whose user is refused without being shown.
func guarded(w word, refused func(user string) bool) shape[string] {
	s := wordOf(w)
	read := s.read
	s.read = func(r *reader, n ast.Node) (string, bool) {
		rest, _, _ := strings.Cut(scalar(n), "?")
		_, rest, ok := strings.Cut(rest, "//")
		if at := strings.LastIndex(rest, "@"); ok && at >= 0 && refused(rest[:at]) {
			r.hide(n)
			r.unseen(n, Problem{Message: r.subject() + " has a user or a password in it (not shown)", Allowed: s.allowed})
			return "", false
		}
		return read(r, n)
	}
	return s
}

// plain is any scalar, taken as the text that was written: "1.10" stays "1.10".
func plain(what string) shape[string] {
	return shape[string]{
		allowed: what,
		kinds:   []kind{text, number, fraction, truth},
		read: func(r *reader, n ast.Node) (string, bool) {
			s := strings.Clone(scalar(n))
			if len(s) > 4096 || strings.ContainsRune(s, 0) {
				r.wrong(n, what+", at most 4096 characters")
				return "", false
			}
			return s, true
		},
		write: func(s string) any { return s },
		schema: func(*definitions) *jsonschema.Schema {
			return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
				{Type: "string", MaxLength: new(uint64(4096))}, {Type: "number"}, {Type: "boolean"},
			}}
		},
	}
}

// one is one of a few words.
func one[T ~string](what string, values ...T) shape[T] {
	names := make([]string, len(values))
	all := make([]any, len(values))
	for i, v := range values {
		names[i], all[i] = string(v), string(v)
	}
	allowed := what + strings.Join(names, ", ")
	return shape[T]{
		allowed: allowed,
		kinds:   []kind{text},
		read: func(r *reader, n ast.Node) (T, bool) {
			s := scalar(n)
			if i := slices.Index(names, s); i >= 0 {
				return values[i], true
			}
			p := Problem{Message: fmt.Sprintf("%s is %s", r.subject(), quotable(s)), Allowed: allowed}
			if near := nearest(s, names); near != "" {
				p.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			r.problem(n, p)
			return "", false
		},
		write: func(v T) any {
			if v == "" {
				return nil
			}
			return string(v)
		},
		schema: func(*definitions) *jsonschema.Schema {
			return &jsonschema.Schema{Type: "string", Enum: all}
		},
	}
}

// whole is a number without a fraction.
func whole(what string, least, most int) shape[int] {
	return wholeOr(fmt.Sprintf("%s from %d to %d", what, least, most), least, most)
}

// wholeOr is a number where something else may stand too; allowed names both.
func wholeOr(allowed string, least, most int) shape[int] {
	return shape[int]{
		allowed: allowed,
		kinds:   []kind{number},
		read: func(r *reader, n ast.Node) (int, bool) {
			v, err := strconv.Atoi(scalar(n))
			if err != nil || v < least || v > most {
				r.wrong(n, allowed)
				return 0, false
			}
			return v, true
		},
		write: func(v int) any { return v },
		schema: func(*definitions) *jsonschema.Schema {
			return &jsonschema.Schema{
				Type:    "integer",
				Minimum: json.Number(strconv.Itoa(least)),
				Maximum: json.Number(strconv.Itoa(most)),
			}
		},
	}
}

// truthful is true or false.
func truthful() shape[bool] {
	return shape[bool]{
		allowed: "true or false",
		kinds:   []kind{truth},
		read:    func(_ *reader, n ast.Node) (bool, bool) { return n.(*ast.BoolNode).Value, true },
		write: func(v bool) any {
			if !v {
				return nil
			}
			return v
		},
		schema: func(*definitions) *jsonschema.Schema { return &jsonschema.Schema{Type: "boolean"} },
	}
}

// measured is a word that stands for a number.
func measured[T any](w word, parse func(string) (T, bool), print func(T) string) shape[T] {
	base := wordOf(w)
	return shape[T]{
		allowed: w.what,
		kinds:   base.kinds,
		schema:  base.schema,
		read: func(r *reader, n ast.Node) (v T, ok bool) {
			s, ok := base.read(r, n)
			if !ok {
				return v, false
			}
			if v, ok = parse(s); !ok {
				r.wrong(n, w.what)
			}
			return v, ok
		},
		write: func(v T) any { return print(v) },
	}
}

// duration is a time such as 30s, 15m or 1h30m.
func duration() shape[time.Duration] {
	w := word{what: "a time such as 30s, 15m or 1h30m", pattern: `^[0-9]{1,6}(ms|s|m|h)([0-9]{1,4}(ms|s|m|h)){0,3}$`}
	return measured(w, func(s string) (time.Duration, bool) {
		d, err := time.ParseDuration(s)
		return d, err == nil
	}, printDuration)
}

// printDuration leaves out the parts that are nothing: 15m, not 15m0s.
func printDuration(d time.Duration) string {
	s := durations.Text(d)
	if frac := strings.TrimSuffix(s, "s"); strings.Contains(frac, ".") {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	return s
}

// percentage is a share such as 10% or 0.5%; 10 % is 10.
func percentage(what string) shape[float64] {
	w := word{what: what, pattern: `^(100|[1-9][0-9]?(\.[0-9]{1,2})?|0\.[0-9]?[1-9])%$`}
	return measured(w, func(s string) (float64, bool) {
		v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
		return v, err == nil
	}, func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + "%" })
}

// percent is a percentage in words.
const percent = "a percentage such as 10% or 0.5%, more than 0 and at most 100"

// ratio is how much worse something may be, such as 1.5x.
func ratio() shape[float64] {
	w := word{what: "a ratio such as 1.5x, at least 1x", pattern: `^[1-9][0-9]{0,2}(\.[0-9]{1,3})?x$`}
	return measured(w, func(s string) (float64, bool) {
		v, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
		return v, err == nil
	}, printRatio)
}

func printRatio(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + "x" }

// ratioOrNone is a ratio that may be left out.
func ratioOrNone() shape[float64] {
	s := ratio()
	write := s.write
	s.write = func(v float64) any {
		if v == 0 {
			return nil
		}
		return write(v)
	}
	return s
}

// amount is a number of hosts, or a percentage of them.
func amount(least int) shape[Amount] {
	what := fmt.Sprintf("a number of hosts, at least %d, or a percentage of them such as 25%%", least)
	return either(what,
		as(wholeOr(what, least, 1_000_000), func(n int) Amount { return Amount{Count: n} }, func(a Amount) int { return a.Count },
			func(a Amount) bool { return a.Percent == 0 && a.Count >= least }),
		as(percentage(what), func(p float64) Amount { return Amount{Percent: p} }, func(a Amount) float64 { return a.Percent },
			func(a Amount) bool { return a.Percent > 0 }),
	)
}
