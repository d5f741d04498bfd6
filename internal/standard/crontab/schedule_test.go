package crontab

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestOnCalendar: what each form of a schedule is to systemd.
func TestOnCalendar(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]string{
		"* * * * *":                "*-*-* *:*:00",
		"*/15 * * * *":             "*-*-* *:00/15:00",
		"5-55/10 * * * *":          "*-*-* *:05/10:00",
		"17 3 * * *":               "*-*-* 03:17:00",
		"0 9-17 * * 1-5":           "Mon..Fri *-*-* 09..17:00:00",
		"0 9-17 * * MON-FRI":       "Mon..Fri *-*-* 09..17:00:00",
		"0 0 * * 0":                "Sun *-*-* 00:00:00",
		"0 0 * * 7":                "Sun *-*-* 00:00:00",
		"0 0 * * 5-7":              "Fri..Sun *-*-* 00:00:00",
		"0 0 * * sun,sat":          "Sat,Sun *-*-* 00:00:00",
		"0 0 * * */2":              "Tue,Thu,Sat,Sun *-*-* 00:00:00",
		"30 4 1,15 * *":            "*-*-01,15 04:30:00",
		"30 4 1,15 * 5":            "*-*-01,15 04:30:00 + Fri *-*-* 04:30:00",
		"30 4 */2 * 5":             "Fri *-*-01/2 04:30:00", // begins with a star: both must hold
		"30 4 1-7 * */7":           "Sun *-*-01..07 04:30:00",
		"30 4 1-31 * 5":            "*-*-* 04:30:00", // any day is enough
		"30 4 2 * 0-6":             "*-*-* 04:30:00",
		"0 0 1 jan,JUL *":          "*-01,07-01 00:00:00",
		"0 0 1 */3 *":              "*-01/3-01 00:00:00",
		"0,10,20,30,40,50 1 * * *": "*-*-* 01:00/10:00",
		"0 5/1 * * *":              "error", // crons do not agree
		"@hourly":                  "*-*-* *:00:00",
		"@daily":                   "*-*-* 00:00:00",
		"@midnight":                "*-*-* 00:00:00",
		"@weekly":                  "Sun *-*-* 00:00:00",
		"@monthly":                 "*-*-01 00:00:00",
		"@yearly":                  "*-01-01 00:00:00",
		"@annually":                "*-01-01 00:00:00",
		"@reboot":                  "",
		"@every 5m":                "error",
		"60 * * * *":               "error",
		"* 24 * * *":               "error",
		"* * 0 * *":                "error",
		"* * * 13 *":               "error",
		"* * * * 8":                "error",
		"* * * *":                  "error",
		"* * * * * *":              "error",
		"5-1 * * * *":              "error",
		"*/0 * * * *":              "error",
		"+5 * * * *":               "error",
		"1,,2 * * * *":             "error",
		"-5 * * * *":               "error",
		"a * * * *":                "error",
	} {
		s, err := Parse(when)
		got := strings.Join(s.OnCalendar(), " + ")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q (%v)", when, got, want, err)
		}
	}
}

// expressions draws schedules with lists, ranges, steps and names.
func expressions() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "nick") == 0 {
			return rapid.SampledFrom([]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}).Draw(t, "nickname")
		}
		var parts []string
		for _, f := range fields() {
			parts = append(parts, list(t, f))
		}
		return strings.Join(parts, " ")
	})
}

func list(t *rapid.T, f field) string {
	if rapid.IntRange(0, 2).Draw(t, "any") == 0 {
		return "*"
	}
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		items = append(items, item(t, f))
	}
	return strings.Join(items, ",")
}

func item(t *rapid.T, f field) string {
	step := rapid.IntRange(1, f.most).Draw(t, "step")
	low := rapid.IntRange(f.least, f.most).Draw(t, "low")
	high := rapid.IntRange(low, f.most).Draw(t, "high")
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return fmt.Sprintf("*/%d", step)
	case 1:
		return fmt.Sprintf("%d-%d", low, high)
	case 2:
		return fmt.Sprintf("%d-%d/%d", low, high, step)
	case 3:
		if f.words != nil {
			return f.words[(low-f.least)%len(f.words)]
		}
	}
	return fmt.Sprint(low)
}

// TestAgreesWithSystemd: for drawn schedules, the next times by our reading of cron are
// those that systemd says of the translation.
func TestAgreesWithSystemd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	rapid.Check(t, func(t *rapid.T) {
		// Within years whose weekdays differ, and around leap days.
		base := time.Unix(rapid.Int64Range(1_577_836_800, 2_208_988_800).Draw(t, "base"), 0).UTC()
		var all []Schedule
		var texts []string
		for range 4 { // a process costs more than a schedule
			text := expressions().Draw(t, "schedule")
			s, err := Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			all, texts = append(all, s), append(texts, text)
		}
		for i, said := range systemd(t, base, all) {
			if mine := nexts(all[i], base, len(said)); !slices.Equal(mine, said) {
				t.Fatalf("%s after %s is %q to systemd: cron runs it at %v, systemd at %v", texts[i], base, all[i].OnCalendar(), mine, said)
			}
		}
	})
}

const iterations = 4

// nexts are the times that a schedule gives.
func nexts(s Schedule, base time.Time, n int) []string {
	var all []string
	for range n {
		next, ok := s.Next(base)
		if !ok {
			return append(all, "never")
		}
		all, base = append(all, next.Format("2006-01-02 15:04:05")), next
	}
	return all
}

// systemd asks for the next times of schedules. Of one with two expressions they are the
// earliest of both, without what both have.
func systemd(t *rapid.T, base time.Time, all []Schedule) [][]string {
	args := []string{"calendar", fmt.Sprintf("--iterations=%d", iterations), "--base-time=" + base.Format("2006-01-02 15:04:05") + " UTC"}
	for _, s := range all {
		args = append(args, s.OnCalendar()...)
	}
	cmd := exec.Command("systemd-analyze", args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C", "SYSTEMD_COLORS=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %q: %v\n%s", args, err, out)
	}
	var each [][]string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "Normalized form:"):
			each = append(each, nil)
		case strings.HasPrefix(line, "Next elapse: never"):
			each[len(each)-1] = []string{"never"}
		case strings.HasPrefix(line, "Next elapse:"), strings.HasPrefix(line, "Iter. #"):
			words := strings.Fields(line)
			each[len(each)-1] = append(each[len(each)-1], strings.Join(words[len(words)-3:len(words)-1], " "))
		}
	}
	var merged [][]string
	for _, s := range all {
		n := len(s.OnCalendar())
		var times []string
		for _, one := range each[:n] {
			times = append(times, one...)
		}
		each = each[n:]
		slices.Sort(times) // "never" comes last
		times = slices.Compact(times)
		if len(times) > 1 {
			times = slices.DeleteFunc(times, func(s string) bool { return s == "never" })
		}
		merged = append(merged, times[:min(len(times), iterations)])
	}
	return merged
}

// TestNext: times that were worked out by hand.
func TestNext(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 28, 10, 0, 30, 0, time.UTC) // a Saturday
	for when, want := range map[string]string{
		"* * * * *":      "2026-11-28 10:01",
		"0 10 * * *":     "2026-11-29 10:00",
		"0 0 13 * 5":     "2026-12-04 00:00", // the 13th or a Friday
		"0 0 29 2 *":     "2028-02-29 00:00",
		"0 0 */31 2 *":   "2027-02-01 00:00",
		"0 12 31 12 */2": "2026-12-31 12:00", // a Thursday
	} {
		s, err := Parse(when)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Next(base); !ok || got.Format("2006-01-02 15:04") != want {
			t.Errorf("%s: next at %s, want %s", when, got, want)
		}
	}
	s, err := Parse("0 0 30 2 *")
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := s.Next(base); ok {
		t.Errorf("the 30th of February comes at %s", at)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"*/5 1-2,3 * jan mon", "@daily", "5/2 * * * *", "* * * * 7-7/3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		schedule, err := Parse(s)
		if err != nil || schedule.Boot {
			return
		}
		for _, e := range schedule.OnCalendar() {
			if strings.ContainsAny(e, "\n\x00%\"\\") {
				t.Errorf("%q became %q", s, e)
			}
		}
		schedule.Next(time.Unix(0, 0).UTC())
	})
}
