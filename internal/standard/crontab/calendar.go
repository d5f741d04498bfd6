package crontab

import (
	"fmt"
	"strings"
)

// OnCalendar is the schedule as systemd has it: one expression, or two when cron runs the
// job on a day of the month and besides on a day of the week. It is nil for @reboot.
func (s Schedule) OnCalendar() []string {
	if s.Boot {
		return nil
	}
	month, day, week := setText(s.month, 1, 12), setText(s.day, 1, 31), weekdays(s.weekday)
	clock := setText(s.hour, 0, 23) + ":" + setText(s.minute, 0, 59) + ":00"
	if s.Zone != "" {
		clock += " " + s.Zone
	}
	if !s.either() {
		return []string{week + "*-" + month + "-" + day + " " + clock}
	}
	if day == "*" || week == "" {
		return []string{"*-" + month + "-* " + clock} // one of the two is always so
	}
	return []string{"*-" + month + "-" + day + " " + clock, week + "*-" + month + "-* " + clock}
}

// values are the members of a set in order.
func values(set uint64, least, most int) []int {
	var all []int
	for v := least; v <= most; v++ {
		if set&(1<<v) != 0 {
			all = append(all, v)
		}
	}
	return all
}

// setText writes a set of numbers as short as it can be read.
func setText(set uint64, least, most int) string {
	all := values(set, least, most)
	if len(all) == most-least+1 {
		return "*"
	}
	if step := evenly(all, most); step > 1 {
		return fmt.Sprintf("%02d/%d", all[0], step)
	}
	return spans(all, func(v int) string { return fmt.Sprintf("%02d", v) })
}

// evenly is the step by which three values or more follow each other up to the end, or 0.
func evenly(all []int, most int) int {
	if len(all) < 3 {
		return 0
	}
	step := all[1] - all[0]
	for i := 1; i < len(all); i++ {
		if all[i]-all[i-1] != step {
			return 0
		}
	}
	if all[len(all)-1]+step <= most {
		return 0
	}
	return step
}

// spans writes values with a range for three or more that follow each other.
func spans(all []int, name func(int) string) string {
	var parts []string
	for i := 0; i < len(all); {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		if j-i >= 2 {
			parts = append(parts, name(all[i])+".."+name(all[j]))
			i = j + 1
			continue
		}
		parts = append(parts, name(all[i]))
		i++
	}
	return strings.Join(parts, ",")
}

// weekdays writes days of the week, Monday first, with a space after them; "" for all seven.
func weekdays(set uint64) string {
	monday := set>>1 | set&1<<6
	all := values(monday, 0, 6)
	if len(all) == 7 {
		return ""
	}
	names := []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	return spans(all, func(v int) string { return names[v] }) + " "
}
