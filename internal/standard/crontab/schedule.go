package crontab

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is when a job runs.
type Schedule struct {
	Boot bool   // once, when the machine starts
	Zone string // "": that of the machine

	minute, hour, day, month, weekday uint64 // a bit for each value; Sunday is 0
	// A field that begins with a star takes no part in the choice between the day of the
	// month and the day of the week: cron looks at the first character alone.
	dayStar, weekdayStar bool
}

// field is one of the five fields.
type field struct {
	name        string
	least, most int
	words       []string // names of the values from least on
}

func fields() []field {
	return []field{
		{"minute", 0, 59, nil},
		{"hour", 0, 23, nil},
		{"day of the month", 1, 31, nil},
		{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		{"day of the week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
	}
}

// nickname is what an @word stands for.
func nickname(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "@yearly", "@annually":
		return "0 0 1 1 *", true
	case "@monthly":
		return "0 0 1 * *", true
	case "@weekly":
		return "0 0 * * 0", true
	case "@daily", "@midnight":
		return "0 0 * * *", true
	case "@hourly":
		return "0 * * * *", true
	}
	return "", false
}

// Parse reads five fields or an @word.
func Parse(s string) (Schedule, error) {
	if strings.EqualFold(s, "@reboot") {
		return Schedule{Boot: true}, nil
	}
	if strings.HasPrefix(s, "@") {
		stands, ok := nickname(s)
		if !ok {
			return Schedule{}, fmt.Errorf("%q is no schedule: cron knows @reboot, @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly", s)
		}
		s = stands
	}
	parts := strings.Fields(s)
	if len(parts) != 5 {
		return Schedule{}, fmt.Errorf("%q has %d fields: a schedule has minute, hour, day of the month, month and day of the week", s, len(parts))
	}
	var sets [5]uint64
	for i, f := range fields() {
		set, err := f.set(parts[i])
		if err != nil {
			return Schedule{}, err
		}
		sets[i] = set
	}
	week := sets[4]
	if week&(1<<7) != 0 {
		week = week&^(1<<7) | 1
	}
	return Schedule{minute: sets[0], hour: sets[1], day: sets[2], month: sets[3], weekday: week,
		dayStar: parts[2][0] == '*', weekdayStar: parts[4][0] == '*'}, nil
}

// set reads a list such as 1-5,*/10,30.
func (f field) set(s string) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(s, ",") {
		one, err := f.part(part)
		if err != nil {
			return 0, err
		}
		set |= one
	}
	return set, nil
}

func (f field) part(s string) (uint64, error) {
	span, stepText, stepped := strings.Cut(s, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 || n > 10_000 {
			return 0, fmt.Errorf("%s %q: the step %q is not a number above 0", f.name, s, stepText)
		}
		step = n
	}
	from, to, err := f.span(span)
	if err != nil {
		return 0, err
	}
	if stepped && span != "*" && !strings.Contains(span, "-") {
		return 0, fmt.Errorf("%s %q: crons do not agree on a step after a single value; write %s-%d/%d", f.name, s, span, f.last(), step)
	}
	var set uint64
	for v := from; v <= to; v += step {
		set |= 1 << v
	}
	return set, nil
}

// span reads *, a value, or a range.
func (f field) span(s string) (from, to int, err error) {
	if s == "*" {
		return f.least, f.last(), nil
	}
	low, high, ranged := strings.Cut(s, "-")
	if from, err = f.value(low); err != nil {
		return 0, 0, err
	}
	if !ranged {
		return from, from, nil
	}
	if to, err = f.value(high); err != nil {
		return 0, 0, err
	}
	if from > to {
		return 0, 0, fmt.Errorf("%s %q: the range runs backwards, and cron never runs such a job", f.name, s)
	}
	return from, to, nil
}

// last is the highest value that * stands for: Sunday is not there twice.
func (f field) last() int {
	if f.most == 7 {
		return 6
	}
	return f.most
}

func (f field) value(s string) (int, error) {
	if i := slices.Index(f.words, strings.ToLower(s)); i >= 0 {
		return f.least + i, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < f.least || n > f.most || s[0] == '+' {
		allowed := fmt.Sprintf("%d to %d", f.least, f.most)
		if f.words != nil {
			allowed += ", or " + f.words[0] + " to " + f.words[len(f.words)-1]
		}
		return 0, fmt.Errorf("%s %q: it can be %s", f.name, s, allowed)
	}
	return n, nil
}

// either reports whether a day of the month or a day of the week is enough.
func (s Schedule) either() bool { return !s.dayStar && !s.weekdayStar }

// runsOn reports whether the job runs on a day at all.
func (s Schedule) runsOn(t time.Time) bool {
	if s.month&(1<<int(t.Month())) == 0 {
		return false
	}
	day, week := s.day&(1<<t.Day()) != 0, s.weekday&(1<<int(t.Weekday())) != 0
	if s.either() {
		return day || week
	}
	return day && week
}

// Next is the first time after another at which the job runs, in that time's own zone, and
// false when it does not run within forty years. It knows nothing of clocks that are put
// back or forward: use it in UTC.
func (s Schedule) Next(after time.Time) (time.Time, bool) {
	if s.Boot || s.minute == 0 || s.hour == 0 {
		return time.Time{}, false
	}
	t := after.Truncate(time.Minute).Add(time.Minute)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	first := t.Hour()*60 + t.Minute()
	for range 40*366 + 1 {
		if s.runsOn(day) {
			if minute, ok := s.inDay(first); ok {
				return day.Add(time.Duration(minute) * time.Minute), true
			}
		}
		day, first = day.AddDate(0, 0, 1), 0
	}
	return time.Time{}, false
}

// inDay is the first minute of a day, from a minute on, at which the job runs.
func (s Schedule) inDay(from int) (int, bool) {
	for hour := from / 60; hour < 24; hour++ {
		if s.hour&(1<<hour) == 0 {
			continue
		}
		minutes := s.minute
		if hour == from/60 {
			minutes &^= 1<<(from%60) - 1
		}
		if minutes != 0 {
			return hour*60 + bits.TrailingZeros64(minutes), true
		}
	}
	return 0, false
}
