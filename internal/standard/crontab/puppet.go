package crontab

import (
	"regexp"
	"strings"
)

// Puppet lists the jobs that the cron resources of Puppet code would make.
func Puppet(text []byte) []Job {
	code := string(text)
	if !strings.Contains(code, "cron") {
		return nil
	}
	hidden := uncommented(code)
	var jobs []Job
	for _, m := range regexp.MustCompile(`(?m)(?:^|[\s;{}])(cron\s*\{)`).FindAllStringSubmatchIndex(hidden, -1) {
		start, open := m[2], m[3]
		end := closing(code, open)
		for _, body := range bodies(code[open:end]) {
			args := attributes(body)
			if args["ensure"] == "absent" || args["command"] == "" && args["name"] == "" {
				continue
			}
			j := job(args, "weekday", "monthday", "command")
			if strings.Contains(args["command"], "${") || strings.HasPrefix(args["command"], "$") {
				j.Problem = "its command is filled in by Puppet"
			}
			j.Line = 1 + strings.Count(code[:start], "\n")
			j.Column = start - strings.LastIndexByte(code[:start], '\n')
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// uncommented is code of the same length with comments and strings blanked.
func uncommented(code string) string {
	out := []byte(code)
	walk(code, func(i int, inside bool) {
		if inside && out[i] != '\n' {
			out[i] = ' '
		}
	})
	return string(out)
}

// walk tells of each byte whether it is within a string or a comment.
func walk(code string, see func(i int, inside bool)) {
	quote := byte(0)
	for i := 0; i < len(code); i++ {
		c := code[i]
		switch {
		case quote == '#':
			if c == '\n' {
				quote = 0
			}
		case quote != 0 && c == '\\' && i+1 < len(code):
			see(i, true)
			i++
		case quote != 0 && c == quote:
			quote = 0
			see(i, true)
			continue
		case quote == 0 && (c == '\'' || c == '"' || c == '#'):
			quote = c
		}
		see(i, quote != 0)
	}
}

// closing is where the brace that was opened before a place is closed.
func closing(code string, from int) int {
	depth, end := 1, len(code)
	walk(code[from:], func(i int, inside bool) {
		if inside || end < len(code) {
			return
		}
		switch code[from+i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			end = from + i
		}
	})
	return end
}

// bodies are the titles with their attributes: a semicolon is between them.
func bodies(code string) []string {
	var all []string
	from := 0
	walk(code, func(i int, inside bool) {
		if !inside && code[i] == ';' {
			all = append(all, code[from:i])
			from = i + 1
		}
	})
	return append(all, code[from:])
}

// attributes are those of one resource, with its title as name.
func attributes(body string) map[string]string {
	args := map[string]string{}
	value := `(\[[^\]]*\]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,}]+)`
	if m := regexp.MustCompile(`^\s*(?:#[^\n]*\n\s*)*` + value + `\s*:(?:[^:]|$)`).FindStringSubmatch(body); m != nil {
		args["name"] = literal(m[1])
	}
	for _, m := range regexp.MustCompile(`([a-z_]+)\s*=>\s*`+value).FindAllStringSubmatch(body, -1) {
		args[m[1]] = literal(m[2])
	}
	return args
}

// literal is a value without its quotes; a list is its items with commas.
func literal(s string) string {
	if strings.HasPrefix(s, "[") {
		var items []string
		for item := range strings.SplitSeq(strings.Trim(s, "[]"), ",") {
			if item = literal(strings.TrimSpace(item)); item != "" {
				items = append(items, item)
			}
		}
		return strings.Join(items, ",")
	}
	if len(s) < 2 || s[0] != '\'' && s[0] != '"' {
		return s
	}
	quote := s[:1]
	return strings.NewReplacer(`\\`, `\`, `\`+quote, quote).Replace(s[1 : len(s)-1])
}
