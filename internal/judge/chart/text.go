package chart

import (
	"encoding/xml"
	"strings"
	"unicode"
)

// clean escapes text, with spaces for what would break the line, and without what XML cannot
// hold or what turns the direction of the text around it.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029' || r == '\u0085' || unicode.IsSpace(r) && unicode.IsControl(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}

// wide is about how wide text is. Which font there is nobody knows: these are the widths
// of a wide one, so that what fits here fits elsewhere.
func wide(s string, size float64) float64 {
	sum := 0.0
	for _, r := range s {
		sum += ems(r)
	}
	return sum * size
}

func ems(r rune) float64 {
	switch {
	case strings.ContainsRune("fijlrtI.,:;'|!/()[] -", r):
		return 0.41
	case strings.ContainsRune("mwMW%@+=<>~#&", r):
		return 0.98
	case unicode.Is(unicode.Mn, r):
		return 0
	case r >= 0x1f000:
		return 1.4
	case r >= 0x2e80:
		return 1.05
	case unicode.IsUpper(r) || r > unicode.MaxASCII:
		return 0.78
	}
	return 0.64
}

// fit is text cut to a width, with dots where something is left out.
func fit(s string, size, room float64) string {
	if wide(s, size) <= room {
		return s
	}
	const dots = "..."
	room -= wide(dots, size)
	head := ""
	for _, r := range s {
		room -= ems(r) * size
		if room < 0 {
			break
		}
		head += string(r)
	}
	return strings.TrimSpace(head) + dots
}

// wrap is text in at most so many lines. What has no place is left out, with dots.
func wrap(s string, size, room float64, most int) []string {
	var lines []string
	rest := strings.Fields(s)
	for len(rest) > 0 {
		if len(lines) == most-1 {
			return append(lines, fit(strings.Join(rest, " "), size, room))
		}
		line := rest[0]
		rest = rest[1:]
		for len(rest) > 0 && wide(line+" "+rest[0], size) <= room {
			line, rest = line+" "+rest[0], rest[1:]
		}
		if over := wide(line, size) > room; over {
			head, tail := split(line, size, room)
			line, rest = head, append([]string{tail}, rest...)
		}
		lines = append(lines, line)
	}
	return lines
}

// split cuts a word that is too long for a line.
func split(word string, size, room float64) (head, tail string) {
	for i, r := range word {
		if room -= ems(r) * size; room < 0 && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}
