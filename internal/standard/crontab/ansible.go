package crontab

import (
	"bytes"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Ansible lists the jobs that the cron tasks of a YAML file would make. A file that is not
// YAML has none.
func Ansible(text []byte) []Job {
	if !bytes.Contains(text, []byte("cron")) {
		return nil
	}
	file, err := syntax(text)
	if err != nil {
		return nil
	}
	t := &tasks{}
	for _, d := range file.Docs {
		if d.Body != nil {
			ast.Walk(t, d.Body)
		}
	}
	slices.SortStableFunc(t.jobs, func(a, b Job) int { return a.Line - b.Line })
	return t.jobs
}

// syntax parses YAML. The library gives up on some broken files by a panic.
func syntax(text []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = &ast.File{}, nil
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

// tasks collects the cron tasks of a file.
type tasks struct {
	jobs []Job
	seen int
}

// Visit looks at the items of lists: a task is one.
func (t *tasks) Visit(n ast.Node) ast.Visitor {
	t.seen++
	if t.seen > 200_000 {
		return nil
	}
	if seq, ok := n.(*ast.SequenceNode); ok {
		for _, item := range seq.Values {
			t.task(pairs(item))
		}
	}
	return t
}

func (t *tasks) task(all []*ast.MappingValueNode) {
	name := ""
	for _, p := range all {
		if key(p) == "name" {
			name = scalar(p.Value)
		}
	}
	for _, p := range all {
		switch key(p) {
		case "cron", "ansible.builtin.cron", "ansible.legacy.cron":
			args := arguments(p.Value)
			if len(args) == 0 || args["state"] == "absent" {
				continue
			}
			at := p.Key.GetToken().Position
			j := job(args, "weekday", "day", "job")
			j.Line, j.Column = max(at.Line, 1), max(at.Column, 1)
			if j.Name == "" {
				j.Name = name
			}
			t.jobs = append(t.jobs, j)
		}
	}
}

// pairs are the keys and values of a mapping; nil for another node.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch v := n.(type) {
	case *ast.MappingNode:
		return v.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}
	}
	return nil
}

func key(p *ast.MappingValueNode) string {
	if p.Key == nil || p.Key.GetToken() == nil {
		return ""
	}
	return p.Key.GetToken().Value
}

func scalar(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
		return n.GetToken().Value
	}
	return ""
}

// arguments are those of a module, as a mapping or as one text of key=value words.
func arguments(n ast.Node) map[string]string {
	args := map[string]string{}
	if all := pairs(n); all != nil {
		for _, p := range all {
			args[key(p)] = scalar(p.Value)
		}
	} else {
		for _, word := range words(scalar(n)) {
			if k, v, ok := strings.Cut(word, "="); ok {
				args[k] = v
			}
		}
	}
	for _, name := range []string{"job", "minute", "hour", "day", "month", "weekday", "special_time", "state"} {
		if _, ok := args[name]; ok {
			return args
		}
	}
	return nil // something else that is called cron
}

// words splits key=value words; quotes keep spaces.
func words(s string) []string {
	var all []string
	var b strings.Builder
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			all = append(all, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(all, b.String())
}

// job makes a job of named arguments; weekday, day and command are what Ansible and Puppet
// call differently.
func job(args map[string]string, weekday, day, command string) Job {
	j := Job{User: args["user"], Name: args["name"], Shell: standardShell}
	j.Command, j.Input = percents(args[command])
	special := args["special_time"] + args["special"]
	if special != "" {
		j.timed("@" + strings.TrimPrefix(special, "@"))
		return j
	}
	var parts []string
	for _, name := range []string{"minute", "hour", day, "month", weekday} {
		v := args[name]
		if v == "" || v == "absent" {
			v = "*"
		}
		parts = append(parts, strings.ReplaceAll(v, " ", ""))
	}
	j.timed(strings.Join(parts, " "))
	if templated(j.Command) {
		j.Problem = "its command is filled in by a template"
	}
	return j
}
