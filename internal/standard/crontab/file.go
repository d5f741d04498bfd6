package crontab

import (
	"regexp"
	"strings"
)

// Format says which columns the lines of a crontab have.
type Format int

// The formats.
const (
	User   Format = iota // schedule and command: crontab(1)
	System               // schedule, user and command: /etc/crontab, /etc/cron.d
)

// standing is what cron has for every job that says nothing else.
const (
	standardShell = "/bin/sh"
	standardPath  = "/usr/bin:/bin"
)

// File lists the jobs of a crontab. Lines that are neither jobs nor settings nor comments
// come as jobs with a Problem.
func File(text []byte, format Format) []Job {
	var jobs []Job
	set := settings{shell: standardShell}
	assigns, template := setting(), templateOnly()
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		body := strings.TrimLeft(line, " \t")
		if body == "" || body[0] == '#' || template.MatchString(body) {
			continue
		}
		if m := assigns.FindStringSubmatch(body); m != nil {
			set = set.with(unquote(m[1]), unquote(m[2]))
			continue
		}
		j := Line(body, format)
		j.Line, j.Column = number, len(line)-len(body)+1
		set.give(&j)
		jobs = append(jobs, j)
	}
	return jobs
}

// Holds reports whether a text has at least one line that is surely a job.
func Holds(text []byte, format Format) bool {
	for line := range strings.Lines(string(text)) {
		body := strings.TrimSpace(line)
		if body == "" || !strings.Contains("0123456789*@-", body[:1]) {
			continue // neither a minute nor an @word
		}
		if Line(body, format).Problem == "" {
			return true
		}
	}
	return false
}

func setting() *regexp.Regexp {
	return regexp.MustCompile(`^("[A-Za-z_][^"=]*"|'[A-Za-z_][^'=]*'|[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(.*?)[ \t]*$`)
}

// templateOnly is a line that a template takes away, such as {% if x %}.
func templateOnly() *regexp.Regexp {
	return regexp.MustCompile(`^(\{%[^}]*%\}|\{#.*#\}|<%[^=].*%>|\{\{[^}]*\}\})\s*$`)
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// settings are the NAME=value lines so far; they count for the jobs below them.
type settings struct {
	shell, zone string
	env         []Variable
}

// with is the settings with one more. The variables are copied: jobs above keep theirs.
func (s settings) with(name, value string) settings {
	switch name {
	case "SHELL":
		s.shell = value
	case "CRON_TZ":
		s.zone = value
	}
	if name == "CRON_TZ" || name == "LOGNAME" {
		return s
	}
	var env []Variable
	for _, v := range s.env {
		if v.Name != name {
			env = append(env, v)
		}
	}
	s.env = append(env, Variable{name, value})
	return s
}

func (s settings) give(j *Job) {
	j.Env, j.Shell, j.Schedule.Zone = s.env, s.shell, s.zone
}

// Line reads one line of a crontab, which is neither blank nor a comment nor a setting.
func Line(line string, format Format) Job {
	j := Job{Shell: standardShell}
	line = strings.TrimPrefix(strings.TrimLeft(line, " \t"), "-") // SUSE: do not log it
	n := 5
	if strings.HasPrefix(line, "@") {
		n = 1
	}
	if format == System {
		n++
	}
	words, rest := cutFields(line, n)
	if len(words) < n || rest == "" {
		j.Problem = "the line is no cron job: a schedule and a command are expected"
		if templated(line) {
			j.Problem = "the line is filled in by a template"
		}
		return j
	}
	if format == System {
		j.User, words = words[n-1], words[:n-1]
	}
	j.Command, j.Input = percents(rest)
	j.timed(strings.Join(words, " "))
	return j
}

// cutFields takes n words from the front of a line.
func cutFields(line string, n int) (words []string, rest string) {
	rest = line
	for range n {
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			return words, ""
		}
		words = append(words, rest[:end])
		rest = strings.TrimLeft(rest[end:], " \t")
	}
	return words, rest
}

// percents parts a command from its standard input: for cron % is the end of the command
// and then of each line, unless a backslash is before it.
func percents(s string) (command, input string) {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '%':
			b.WriteByte('%')
			i++
		case s[i] == '%':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	parts = append(parts, b.String())
	command = strings.TrimRight(parts[0], " \t")
	if len(parts) == 1 {
		return command, ""
	}
	input = strings.Join(parts[1:], "\n")
	if !strings.HasSuffix(input, "\n") {
		input += "\n"
	}
	return command, input
}
