package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Short prints a duration as people say it: 0s, 42s, 4m12s, 1h05m, 3d4h.
func Short(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Count prints a number with its noun: 1 host, 3 hosts.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Names prints a list of names, cut after the first few: web1, web2 and 4 more.
func Names(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// ShortID prints the end of a rollout's id, the part that differs between rollouts.
func ShortID(id string) string {
	const shown = 6
	if len(id) <= shown {
		return id
	}
	return id[len(id)-shown:]
}

// Version prints a version, or says that there is none.
func Version(v string) string {
	if v == "" {
		return "none"
	}
	return v
}

// fit cuts a styled text to a width, and pads it to that width.
func fit(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// cut shortens a styled text to a width.
func cut(s string, width int) string {
	return ansi.Truncate(s, max(0, width), "…")
}

// spread puts one text left and one right on a line of a width; the left one gives way.
func spread(left, right string, width int) string {
	room := width - ansi.StringWidth(right) - 1
	if room < 1 {
		return cut(left, width)
	}
	return fit(left, room) + " " + right
}
