package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-deploy/slipway/internal/fleet"
)

// names lists hosts in about as many characters as there is room for: each of them
// when they fit, else in ranges such as web[1-250], else the first ones and how many
// more there are.
func names(hosts []string, room int) string {
	sorted := slices.SortedFunc(slices.Values(hosts), fleet.Compare)
	if all := strings.Join(sorted, ", "); len(all) <= room {
		return all
	}
	parts := ranges(sorted)
	var b strings.Builder
	told := 0
	for i, p := range parts {
		if i > 0 && b.Len()+len(p.text) > room-14 && i < len(parts)-1 || b.Len()+len(p.text) > room && i > 0 {
			return fmt.Sprintf("%s and %d more", b.String(), len(sorted)-told)
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.text)
		told += p.hosts
	}
	return b.String()
}

// run is hosts with consecutive numbers, or one host.
type run struct {
	text  string
	hosts int
}

// ranges writes three and more hosts with consecutive numbers as one.
func ranges(sorted []string) []run {
	var out []run
	for i := 0; i < len(sorted); {
		n := 1
		for i+n < len(sorted) && follows(sorted[i+n-1], sorted[i+n]) {
			n++
		}
		if n < 3 {
			out = append(out, run{sorted[i], 1})
			i++
			continue
		}
		head, first, tail := numbered(sorted[i])
		_, last, _ := numbered(sorted[i+n-1])
		out = append(out, run{fmt.Sprintf("%s[%s-%s]%s", head, first, last, tail), n})
		i += n
	}
	return out
}

// follows reports whether b is a with the next number.
func follows(a, b string) bool {
	head, x, tail := numbered(a)
	other, y, end := numbered(b)
	if head != other || tail != end || x == "" || y == "" || len(x) > 9 || len(y) > 9 {
		return false
	}
	m, _ := strconv.Atoi(x)
	n, _ := strconv.Atoi(y)
	// Numbers padded with zeros keep their width.
	return n == m+1 && (len(x) == len(y) || x[0] != '0' && y[0] != '0')
}

// numbered cuts a name around its first number: web12.example.com is "web", "12",
// ".example.com".
func numbered(name string) (head, digits, tail string) {
	from := strings.IndexAny(name, "0123456789")
	if from < 0 {
		return name, "", ""
	}
	to := from
	for to < len(name) && name[to] >= '0' && name[to] <= '9' {
		to++
	}
	return name[:from], name[from:to], name[to:]
}
