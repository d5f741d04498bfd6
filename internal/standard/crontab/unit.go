package crontab

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
)

// Unit is a systemd unit, written out.
type Unit struct {
	Name string
	Text string
}

// Units writes the service that runs the job and, unless it runs at boot, the timer that
// starts it. name is that of both without the suffix, origin says where the job was found,
// and user runs it when the job names nobody. It is nil when the job has a Problem.
func (j Job) Units(name, origin, user string) []Unit {
	if j.Problem != "" || strings.TrimSpace(j.Command) == "" {
		return nil
	}
	service := Unit{name + ".service", j.service(name, origin, user)}
	if j.Schedule.Boot {
		return []Unit{service}
	}
	return []Unit{service, {name + ".timer", j.timer(name)}}
}

func (j Job) service(name, origin, user string) string {
	var b strings.Builder
	command := j.Command
	fmt.Fprintf(&b, "# In place of %s (%s).\n", oneLine(origin), oneLine(j.When))
	for _, v := range j.Env {
		if v.Name == "MAILTO" && v.Value != "" {
			fmt.Fprintf(&b, "# cron mailed the output to %s; the journal keeps it: journalctl -u %s.service\n", oneLine(v.Value), name)
		}
	}
	fmt.Fprintf(&b, "[Unit]\nDescription=%s\n", name)
	if j.Schedule.Boot {
		command = foreground(command)
		b.WriteString("After=network.target\n\n[Service]\n# For a command that ends by itself: Type=oneshot, and no Restart=.\nType=exec\nRestart=on-failure\n")
	} else {
		b.WriteString("\n[Service]\nType=oneshot\n")
	}
	if j.User != "" {
		user = strings.SplitN(j.User, ":", 2)[0]
	}
	fmt.Fprintf(&b, "User=%s\nWorkingDirectory=~\n", escape(user, false))
	b.WriteString(j.environment())
	fmt.Fprintf(&b, "ExecStart=%s -c %s\n", escape(j.Shell, false), quote(command, true))
	b.WriteString(j.input())
	if j.Schedule.Boot {
		b.WriteString("\n[Install]\nWantedBy=multi-user.target\n")
	}
	return b.String()
}

// foreground leaves out the & at the end of a command: systemd ends what a service leaves
// behind in the background.
func foreground(command string) string {
	trimmed := strings.TrimRight(command, " \t")
	if strings.HasSuffix(trimmed, "&") && !strings.HasSuffix(trimmed, "&&") && !strings.HasSuffix(trimmed, `\&`) {
		return strings.TrimRight(trimmed[:len(trimmed)-1], " \t")
	}
	return command
}

// environment is what cron would set: PATH is shorter than that of systemd.
func (j Job) environment() string {
	all := j.Env
	path := false
	for _, v := range all {
		path = path || v.Name == "PATH"
	}
	if !path {
		all = append([]Variable{{"PATH", standardPath}}, all...)
	}
	var b strings.Builder
	for _, v := range all {
		if v.Name != "MAILTO" && v.Name != "MAILFROM" && v.Name != "SHELL" {
			fmt.Fprintf(&b, "Environment=%s\n", quote(v.Name+"="+v.Value, false))
		}
	}
	return b.String()
}

// input is the standard input of the job, a line of the unit for each of its lines.
func (j Job) input() string {
	if j.Input == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("StandardInput=data\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(j.Input, "\n"), "\n") {
		// systemd strips spaces around a value and takes an empty one for none at all.
		if text := escape(line, false); line == "" || text != strings.TrimSpace(text) {
			fmt.Fprintf(&b, "StandardInputData=%s\n", base64.StdEncoding.EncodeToString([]byte(line+"\n")))
		} else {
			fmt.Fprintf(&b, "StandardInputText=%s\n", text)
		}
	}
	return b.String()
}

func (j Job) timer(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=Run %s.service\n\n[Timer]\n", name)
	for _, expression := range j.Schedule.OnCalendar() {
		fmt.Fprintf(&b, "OnCalendar=%s\n", expression)
	}
	b.WriteString("AccuracySec=1s\n# A run that was missed while the host was off is made up for; cron leaves it out.\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n")
	return b.String()
}

// quote writes one word for systemd, which expands specifiers in every value and, in a
// command line, variables too.
func quote(s string, command bool) string { return `"` + escape(s, command) + `"` }

func escape(s string, command bool) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\' || c == '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '%':
			b.WriteString("%%")
		case c == '$' && command:
			b.WriteString("$$")
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// oneLine is a text that may stand in a comment.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Slug makes the name of a unit of a text.
func Slug(s string) string {
	s = regexp.MustCompile(`[^a-z0-9_.]+`).ReplaceAllString(strings.ToLower(s), "-")
	s = strings.Trim(s, "-.")
	if len(s) > 60 {
		s = strings.Trim(s[:60], "-.")
	}
	return s
}
