package record

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// longestMetric bounds the letters of a metric's name. A manifest allows fewer.
	longestMetric = 100
	// longestHost bounds those of a host's: no name of a host is longer.
	longestHost = 253
)

// nameable refuses a name that would steer a terminal, or fill it: names are printed.
func nameable(member, name string, longest int) error {
	if n := utf8.RuneCountInString(name); n > longest {
		return fmt.Errorf("%s: found %s, of %d letters: allowed are %d", member, quoted(name), n, longest)
	}
	if strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return fmt.Errorf("%s: found %s: allowed are printable characters", member, quoted(name))
	}
	return nil
}

// harmless is a text in which nothing steers a terminal. Unlike a name it is not refused: why there was no answer is told
// in the words of whoever was asked.
func harmless(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
}
