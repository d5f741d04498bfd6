package configkeys

import (
	"path"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/document"
)

// suffixes mark a file as an example of another.
var suffixes = []string{".example", ".sample", ".dist", ".template", ".default", ".defaults"}

// format tells a file's format by its name: config.yaml.example is YAML, .env.dist is env.
func format(name string) string {
	base := strings.ToLower(path.Base(name))
	for _, s := range suffixes {
		base = strings.TrimSuffix(base, s)
	}
	switch ext := path.Ext(base); ext {
	case ".yaml", ".yml":
		return "yaml"
	case ".json", ".toml", ".properties":
		return ext[1:]
	case ".ini", ".conf", ".cfg", ".cnf":
		return "ini"
	case ".env":
		return "env"
	}
	if base == "env" || strings.HasPrefix(base, ".env") {
		return "env"
	}
	return ""
}

// flatten gives every key of a file by its path.
func flatten(name string, text []byte) (map[string]entry, error) {
	switch f := format(name); f {
	case "yaml", "json":
		root, err := document.Parse("x."+f, text)
		if err != nil {
			return nil, err
		}
		out := map[string]entry{}
		walk(out, "", root)
		return out, nil
	case "toml":
		return fromTOML(text)
	case "ini":
		return fromLines(text, lineFormat{comments: "#;", separators: "=:", sections: true}), nil
	case "properties":
		return fromLines(text, lineFormat{comments: "#!", separators: "=: ", joins: true}), nil
	case "env":
		return fromLines(text, lineFormat{comments: "#", separators: "=", export: true}), nil
	}
	return nil, &document.Error{File: name, Line: 1, Column: 1,
		What: "the format of the file cannot be told by its name: want .yaml, .yml, .json, .toml, .ini, .conf, .cfg, .properties or .env"}
}

func walk(out map[string]entry, at string, n *document.Node) {
	for _, f := range n.Fields {
		key := join(at, f.Key)
		out[key] = entry{f.Value.Kind, at, f.Line, f.Column}
		walk(out, key, f.Value)
	}
	if at == "" {
		return
	}
	for _, item := range n.Items {
		for _, f := range item.Fields {
			key := join(at+"[]", f.Key)
			if _, ok := out[key]; !ok {
				out[key] = entry{f.Value.Kind, at, f.Line, f.Column}
			}
			walk(out, key, f.Value)
		}
	}
}

func join(at, key string) string {
	if strings.ContainsAny(key, ". ") {
		key = `"` + key + `"`
	}
	if at == "" {
		return key
	}
	return at + "." + key
}

// lineFormat is a format of one key a line.
type lineFormat struct {
	comments, separators    string
	sections, export, joins bool
}

// unclosed gives the quote that a value of an env file leaves open at the end of its line.
func unclosed(line string) string {
	_, value, _ := strings.Cut(line, "=")
	for _, quote := range []string{`"`, "'"} {
		if rest, ok := strings.CutPrefix(value, quote); ok && !strings.Contains(rest, quote) {
			return quote
		}
	}
	return ""
}

// fromLines never fails: a line without a separator is a key without a value, as in INI.
func fromLines(text []byte, f lineFormat) map[string]entry {
	out := map[string]entry{}
	section, continued, open := "", false, ""
	for i, raw := range strings.Split(string(text), "\n") {
		line := strings.TrimSpace(raw)
		if open != "" { // a value in quotes that began above
			if strings.Contains(line, open) {
				open = ""
			}
			continue
		}
		skip := continued
		continued = f.joins && strings.HasSuffix(line, `\`)
		if skip || line == "" || strings.Contains(f.comments, line[:1]) {
			continue
		}
		column := strings.Index(raw, line) + 1
		if f.sections && line[0] == '[' {
			section = strings.TrimSpace(strings.Trim(line, "[]"))
			out[section] = entry{document.Map, "", i + 1, column}
			continue
		}
		if f.export {
			line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
		}
		key := line
		if end := strings.IndexAny(line, f.separators); end >= 0 {
			key = strings.TrimSpace(line[:end])
		}
		if f.export {
			open = unclosed(line)
		}
		if key == "" {
			continue
		}
		parent := section
		if !slices.Contains([]string{"", "DEFAULT"}, section) {
			key = section + "." + key
		}
		out[key] = entry{document.String, parent, i + 1, column}
	}
	return out
}
