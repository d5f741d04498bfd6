package crontab

import (
	"path"
	"regexp"
	"strings"
)

// Call is a place in a script that gives cron jobs.
type Call struct {
	Line, Column int
	Text         string // what is called: "crontab -", "/etc/cron.d"
	Jobs         []Job  // those that are written in the script itself
	File         string // base name of the crontab that is installed; may be empty
}

// Shell lists the calls of crontab, and the writes to the directories of cron, in a script.
func Shell(text []byte) []Call {
	code := string(text)
	if !strings.Contains(code, "cron") {
		return nil
	}
	var calls []Call
	lines := strings.Split(code, "\n")
	for i := 0; i < len(lines); i++ {
		body, end := heredoc(lines, i)
		if c, ok := call(lines[i]); ok {
			c.Line = i + 1
			format := User
			if strings.HasPrefix(c.Text, "/etc") {
				format = System
			}
			c.Jobs = quoted(lines[i], i+1, format)
			for _, j := range File([]byte(strings.Join(body, "\n")), format) {
				j.Line += i + 1
				c.Jobs = append(c.Jobs, j)
			}
			calls = append(calls, c)
		}
		i = end
	}
	return calls
}

// heredoc is the text that a line brings with << and the line that ends it.
func heredoc(lines []string, i int) (body []string, end int) {
	if !strings.Contains(lines[i], "<<") {
		return nil, i
	}
	m := regexp.MustCompile(`<<-?\s*(?:"([A-Za-z_]\w*)"|'([A-Za-z_]\w*)'|\\?([A-Za-z_]\w*))`).FindStringSubmatch(lines[i])
	if m == nil {
		return nil, i
	}
	mark := m[1] + m[2] + m[3]
	for j := i + 1; j < len(lines); j++ {
		if strings.Trim(lines[j], "\t \r") == mark {
			return lines[i+1 : j], j
		}
	}
	return nil, i
}

// call finds one in a line.
func call(line string) (Call, bool) {
	if t := strings.TrimSpace(line); !strings.Contains(t, "cron") || t[0] == '#' {
		return Call{}, false
	}
	for _, m := range calling().FindAllStringSubmatchIndex(line, -1) {
		if c, ok := crontabCall(line, m[2], line[m[4]:m[5]]); ok {
			return c, true
		}
	}
	for _, into := range writing() {
		if m := into.FindStringSubmatchIndex(line); m != nil {
			return Call{Column: m[2] + 1, Text: "/" + strings.Trim(line[m[2]:m[3]], "/"), File: named(line)}, true
		}
	}
	return Call{}, false
}

// calling is crontab where a command may stand.
func calling() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[;&|({!]|\bthen\b|\bdo\b|\belse\b|\bif\b|\bsudo(?:\s+-[A-Za-z]+(?:\s+[A-Za-z0-9_$-]+)?)*|\bexec|\bRUN)\s*@?((?:/usr/bin/)?crontab)\b((?:"[^"]*"|'[^']*'|[^;|&)#"'])*)`)
}

// writing is what puts files into the directories of cron.
func writing() []*regexp.Regexp {
	const into = `["']?(?:\$\{?\(?\w+\)?\}?|[A-Za-z0-9_.$(){}/-]*)(/?etc/(?:cron\.(?:d|hourly|daily|weekly|monthly)\b/?|crontab\b))`
	return []*regexp.Regexp{
		regexp.MustCompile(`>\s*` + into),
		regexp.MustCompile(`(?:^|[\s;&|({@])(?:cp|mv|ln|install|tee|rsync|COPY|ADD|dh_install)\b[^;&|]*?[\s]` + into),
	}
}

// crontabCall tells a call that installs a crontab from one that only shows or removes it.
func crontabCall(line string, at int, rest string) (Call, bool) {
	c := Call{Column: at + 1, Text: "crontab"}
	args := strings.Fields(rest)
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-u":
			i++
		case a == "-", a == "<" && i+1 < len(args), strings.HasPrefix(a, "<"):
			c.Text = "crontab -"
			if a == "<" {
				c.File = path.Base(strings.Trim(args[i+1], `"'`))
			}
			return c, true
		case strings.HasPrefix(a, "-"), strings.HasPrefix(a, "2>"), strings.HasPrefix(a, ">"), a == "\\":
			return Call{}, false
		default:
			c.Text, c.File = "crontab FILE", path.Base(strings.Trim(a, `"'`))
			return c, true
		}
	}
	before := strings.TrimRight(line[:at], " \t")
	return c, strings.HasSuffix(before, "|")
}

// named is the file that a line copies, when it names one.
func named(line string) string {
	for word := range strings.FieldsSeq(line) {
		word = strings.Trim(word, `"'`)
		if strings.Contains(word, "cron") && !strings.Contains(word, "etc/cron") && !strings.HasPrefix(word, ">") {
			return path.Base(word)
		}
	}
	return ""
}

// quoted are the jobs that a line holds in quotes, as echo has them.
func quoted(line string, number int, format Format) []Job {
	var jobs []Job
	for _, m := range regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|'([^']*)'`).FindAllStringSubmatch(line, -1) {
		text := m[2]
		if text == "" {
			text = strings.NewReplacer(`\"`, `"`, `\$`, `$`, `\\`, `\`).Replace(m[1])
		}
		for part := range strings.SplitSeq(text, `\n`) {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			if j := Line(part, format); j.Problem == "" {
				j.Line, j.Column = number, 1
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}
