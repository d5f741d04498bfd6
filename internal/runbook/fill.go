package runbook

import (
	"regexp"
	"strings"
)

// Values are what the placeholders of a runbook stand for. What is empty is not known: its
// placeholder stays.
type Values struct {
	Hosts       []string `json:"hosts,omitempty"`       // {{host}} and {{hosts}}
	Version     string   `json:"version,omitempty"`     // {{version}}
	Previous    string   `json:"previous,omitempty"`    // {{previous}}
	Rollout     string   `json:"rollout,omitempty"`     // {{rollout}}
	Environment string   `json:"environment,omitempty"` // {{environment}}
}

// Placeholders lists the names that can be filled in.
func Placeholders() []string {
	return []string{"host", "hosts", "version", "previous", "rollout", "environment"}
}

// placeholder is a name to be filled in, as Slipway writes it or as people do.
var placeholder = regexp.MustCompile(`\{\{\s*([a-z]+)\s*\}\}|<([a-z][a-z _-]*)>`)

// Fill puts a rollout's own names into Markdown: {{host}} and the like, and <host> as people
// write it. A line of code that is for one host is there once for each host. What goes into
// code is quoted for a shell where it must be.
func Fill(markdown string, v Values) string {
	var out strings.Builder
	fence := ""
	for text := range strings.Lines(markdown) {
		trimmed := strings.TrimSpace(text)
		opens := strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~")
		switch {
		case opens && fence == "":
			fence = trimmed[:3]
		case opens && strings.HasPrefix(trimmed, fence):
			fence = ""
		}
		code := fence != "" && !opens || fence == "" && (strings.HasPrefix(text, "    ") || strings.HasPrefix(text, "\t"))
		out.WriteString(v.line(text, code))
	}
	return out.String()
}

// FillCode puts the values into code. A line for one host is there once for each.
func FillCode(code string, v Values) string {
	var out strings.Builder
	for text := range strings.Lines(code) {
		out.WriteString(v.line(text, true))
	}
	return out.String()
}

// line fills one line in.
func (v Values) line(text string, code bool) string {
	if !code {
		return v.spans(text)
	}
	single := false
	for _, name := range open(text) {
		single = single || name == "host"
	}
	if !single || len(v.Hosts) < 2 {
		return v.replaced(text, true)
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	out := ""
	for _, h := range v.Hosts {
		one := v
		one.Hosts = []string{h}
		// {{hosts}} beside {{host}} still means all of them.
		out += one.with(text, true, v.Hosts)
	}
	return out
}

// spans fills a line of text in; what stands between backticks is code.
func (v Values) spans(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		parts[i] = v.replaced(parts[i], i%2 == 1)
	}
	return strings.Join(parts, "`")
}

func (v Values) replaced(text string, code bool) string { return v.with(text, code, v.Hosts) }

// with fills names in; all are the hosts that {{hosts}} stands for.
func (v Values) with(text string, code bool, all []string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		var value string
		switch name := fillable(found); {
		case name == "host" && code:
			value = listed(v.Hosts, " ", code)
		case name == "host":
			value = listed(v.Hosts, ", ", code)
		case name == "hosts" && code:
			value = listed(all, ",", code)
		case name == "hosts":
			value = listed(all, ", ", code)
		default:
			value = listed([]string{v.one(name)}, "", code)
		}
		if value == "" {
			return found
		}
		return value
	})
}

// one is the value of a name that stands for one thing.
func (v Values) one(name string) string {
	switch name {
	case "version":
		return v.Version
	case "previous":
		return v.Previous
	case "rollout":
		return v.Rollout
	case "environment":
		return v.Environment
	}
	return ""
}

func listed(values []string, between string, code bool) string {
	var out []string
	for _, value := range values {
		value = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, value)
		if code && value != "" {
			value = quote(value)
		}
		out = append(out, value)
	}
	return strings.Join(out, between)
}

// plainWord is a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote makes one word of a shell of any text.
func quote(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// fillable is the name that a placeholder stands for; "" when it is none of Slipway's.
func fillable(found string) string {
	m := placeholder.FindStringSubmatch(found)
	if m == nil || m[0] != found {
		return ""
	}
	if m[1] != "" {
		for _, name := range Placeholders() {
			if m[1] == name {
				return name
			}
		}
		return ""
	}
	switch strings.NewReplacer("_", "-", " ", "-").Replace(m[2]) {
	case "host", "hostname", "server", "node":
		return "host"
	case "hosts", "hostnames", "servers", "nodes":
		return "hosts"
	case "version", "new-version", "release":
		return "version"
	case "previous", "previous-version", "old-version", "last-version", "previous-release":
		return "previous"
	case "rollout", "rollout-id", "rollout-name":
		return "rollout"
	case "environment", "env":
		return "environment"
	}
	return ""
}

// open lists the names in a text that can be filled in.
func open(text string) []string {
	var names []string
	for _, found := range placeholder.FindAllString(text, -1) {
		if name := fillable(found); name != "" {
			names = append(names, name)
		}
	}
	return names
}
