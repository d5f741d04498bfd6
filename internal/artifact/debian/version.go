package debian

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Version is a Debian version: [epoch:]upstream[-revision].
type Version struct {
	Epoch    int
	Upstream string
	Revision string // empty: a native package, which sorts as revision 0
}

// ParseVersion reads a version by the rules of Debian's policy, which are those
// that dpkg holds a package to.
func ParseVersion(s string) (Version, error) {
	var v Version
	rest := s
	if epoch, after, found := strings.Cut(s, ":"); found {
		n, err := parseEpoch(epoch)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: %w", s, err)
		}
		v.Epoch, rest = n, after
	}
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		v.Revision = rest[i+1:]
		rest = rest[:i]
		if v.Revision == "" {
			return Version{}, fmt.Errorf("version %q: the revision after the last '-' is empty", s)
		}
	}
	v.Upstream = rest
	if err := v.check(); err != nil {
		return Version{}, fmt.Errorf("version %q: %w", s, err)
	}
	return v, nil
}

func parseEpoch(s string) (int, error) {
	if s == "" {
		return 0, fmt.Errorf("the epoch before ':' is empty")
	}
	for _, c := range []byte(s) {
		if !isDigit(c) {
			return 0, fmt.Errorf("the epoch %q is not a number", s)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > math.MaxInt32 {
		return 0, fmt.Errorf("the epoch %q is larger than %d", s, math.MaxInt32)
	}
	return int(n), nil
}

func (v Version) check() error {
	if v.Upstream == "" {
		return fmt.Errorf("it is empty")
	}
	if !isDigit(v.Upstream[0]) {
		return fmt.Errorf("it does not start with a digit")
	}
	if c, bad := firstOutside(v.Upstream, ".-+~:"); bad {
		return fmt.Errorf("%q is not allowed in it; letters, digits and . - + ~ : are", c)
	}
	if c, bad := firstOutside(v.Revision, ".+~"); bad {
		return fmt.Errorf("%q is not allowed in the revision; letters, digits and . + ~ are", c)
	}
	return nil
}

// firstOutside finds the first character that is neither a letter, nor a digit,
// nor one of extra.
func firstOutside(s, extra string) (string, bool) {
	for i, c := range s {
		if c < 0x80 && (isDigit(byte(c)) || isLetter(byte(c)) || strings.IndexByte(extra, byte(c)) >= 0) {
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		return s[i : i+n], true
	}
	return "", false
}

// String writes the version as it is written in a control file.
func (v Version) String() string {
	s := v.Upstream
	if v.Epoch != 0 || strings.Contains(s, ":") {
		s = strconv.Itoa(v.Epoch) + ":" + s
	}
	if v.Revision != "" {
		s += "-" + v.Revision
	}
	return s
}

// Compare orders versions as dpkg does: -1 when v is older than w, 0 when dpkg
// takes them for the same, +1 when it is newer.
func (v Version) Compare(w Version) int {
	if v.Epoch != w.Epoch {
		return sign(v.Epoch - w.Epoch)
	}
	if c := comparePart(v.Upstream, w.Upstream); c != 0 {
		return c
	}
	return comparePart(v.Revision, w.Revision)
}

// Compare orders two version strings that need not be Debian's: what ParseVersion
// does not take is compared as one upstream part. The order is total.
func Compare(a, b string) int {
	return lax(a).Compare(lax(b))
}

func lax(s string) Version {
	v, err := ParseVersion(s)
	if err != nil {
		return Version{Upstream: s}
	}
	return v
}

// comparePart walks both strings as runs of non-digits and numbers in turn.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = split(a, isDigit)
		y, b = split(b, isDigit)
		if c := compareText(x, y); c != 0 {
			return c
		}
		x, a = split(a, isNoDigit)
		y, b = split(b, isNoDigit)
		if c := compareNumber(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// split cuts s before the first byte for which stop holds.
func split(s string, stop func(byte) bool) (head, tail string) {
	for i := range len(s) {
		if stop(s[i]) {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

func compareText(a, b string) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		if c := weight(a, i) - weight(b, i); c != 0 {
			return sign(c)
		}
	}
	return 0
}

// weight orders characters: '~' before the end, the end before letters, letters
// before everything else.
func weight(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case isLetter(s[i]):
		return int(s[i])
	}
	return int(s[i]) + 256
}

// compareNumber compares numbers of any length without reading them as integers.
func compareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isNoDigit(c byte) bool { return !isDigit(c) }
func isLetter(c byte) bool  { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
