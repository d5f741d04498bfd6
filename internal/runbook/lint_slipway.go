package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// slipway checks a command line of Slipway itself: its verbs, its flags, and the names of
// environments and hosts in it.
func (l *linter) slipway(args []Word) {
	if l.facts.Tool == nil {
		return
	}
	verb, flags := l.facts.Tool, l.facts.Tool.Flags
	line := "slipway"
	for i := 0; i < len(args); i++ {
		w := args[i]
		switch {
		case w.Text == "--" || variable(w) && !strings.HasPrefix(w.Text, "-"):
			if len(verb.Verbs) > 0 {
				return // the rest depends on what it stands for
			}
		case strings.HasPrefix(w.Text, "-") && len(w.Text) > 1:
			i += l.flag(line, flags, args[i:])
		case len(verb.Verbs) > 0:
			next := find(verb.Verbs, w.Text)
			if next == nil {
				l.unknownVerb(line, verb, w)
				return
			}
			verb, line = next, line+" "+next.Name
			flags = slices.Concat(flags, verb.Flags)
		}
	}
}

// variable reports whether a word is for a shell or for a person to fill in.
func variable(w Word) bool {
	return w.Opaque || w.Text == "..." || w.Text == "…" || shouted(w.Text)
}

// shouted reports whether a word is written as people write what is to be filled in: VERSION.
func shouted(text string) bool {
	return len(text) > 1 && strings.ToUpper(text) == text && strings.ToLower(text) != text && !strings.ContainsAny(text, "./:")
}

func find(verbs []Verb, name string) *Verb {
	for i := range verbs {
		if verbs[i].Name == name {
			return &verbs[i]
		}
	}
	return nil
}

func (l *linter) unknownVerb(line string, of *Verb, w Word) {
	var names []string
	for _, v := range of.Verbs {
		names = append(names, v.Name)
	}
	if w.Text == "help" && line == "slipway" {
		return
	}
	mend, can := line+" --help lists them", ""
	if near := nearest(w.Text, names); near != "" {
		mend = fmt.Sprintf("write %s %s if that is meant; %s", line, near, mend)
	}
	if len(names) <= shownNames {
		can = either(names)
	}
	l.add(Finding{Rule: "command", Severity: Error, At: w.At, Found: w.Text,
		Message: fmt.Sprintf("%s has no command %q", line, w.Text), Allowed: can, Mend: mend})
}

// flag checks one flag and says how many more words it takes.
func (l *linter) flag(line string, flags []Flag, args []Word) int {
	w := args[0]
	name, value, joint := strings.Cut(strings.TrimPrefix(w.Text, "-"), "=")
	if name, ok := strings.CutPrefix(name, "-"); ok {
		return l.longFlag(line, flags, args, name, value, joint)
	}
	for i, c := range name { // -ye production, -eproduction
		at := slices.IndexFunc(flags, func(f Flag) bool { return f.Short == string(c) })
		if at < 0 {
			l.unknownFlag(line, flags, w, "-"+string(c))
			return 0
		}
		if !flags[at].Value {
			continue
		}
		rest := name[i+len(string(c)):]
		if joint {
			rest = value
		}
		return l.value(flags[at], args, rest, rest != "")
	}
	return 0
}

func (l *linter) longFlag(line string, flags []Flag, args []Word, name, value string, joint bool) int {
	at := slices.IndexFunc(flags, func(f Flag) bool { return f.Name == name })
	switch {
	case at < 0 && args[0].Opaque && !joint:
		return 0
	case at < 0:
		l.unknownFlag(line, flags, args[0], "--"+name)
		return 0
	case !flags[at].Value:
		return 0
	}
	return l.value(flags[at], args, value, joint)
}

func (l *linter) unknownFlag(line string, flags []Flag, w Word, name string) {
	if name == "-h" || name == "--help" {
		return
	}
	var names []string
	for _, f := range flags {
		names = append(names, "--"+f.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	mend := line + " --help lists them"
	if near := nearest(name, names); near != "" {
		mend = "write " + near + " if that is meant"
	}
	l.add(Finding{Rule: "flag", Severity: Error, At: w.At, Found: name,
		Message: fmt.Sprintf("%s has no flag %s", line, name), Allowed: either(names), Mend: mend})
}

// value checks what a flag is given and says how many more words that takes.
func (l *linter) value(f Flag, args []Word, value string, joint bool) int {
	w, more := args[0], 0
	if !joint {
		if len(args) < 2 {
			return 0
		}
		w, more = args[1], 1
		value = w.Text
	}
	switch {
	case w.Opaque || shouted(value):
	case f.Name == "env":
		l.environment(w, value)
	case f.Name == "hosts":
		for host := range strings.SplitSeq(value, ",") {
			if host = strings.TrimSpace(host); !slices.Contains(l.facts.Groups, host) {
				l.host(Word{Text: host, At: w.At})
			}
		}
	}
	return more
}

func (l *linter) environment(w Word, name string) {
	var names []string
	for _, e := range l.facts.Environments {
		names = append(names, e.Name)
	}
	if len(names) == 0 || slices.Contains(names, name) {
		return
	}
	mend := "name one of them, or add the environment to " + l.manifest()
	if near := nearest(name, names); near != "" {
		mend = "write " + near + " if that is meant"
	}
	l.add(Finding{Rule: "environment", Severity: Error, At: w.At, Found: name,
		Message: fmt.Sprintf("%s has no environment %q", l.manifest(), name), Allowed: either(names), Mend: mend})
}

func (l *linter) manifest() string {
	if l.facts.Manifest == "" {
		return "the manifest"
	}
	return l.facts.Manifest
}
