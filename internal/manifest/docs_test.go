package manifest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rows are the keys of an object as a table of the docs.
func rows[T any](o object[T]) string {
	var b strings.Builder
	b.WriteString("| key | meaning | default |\n|---|---|---|\n")
	for _, f := range o.fields {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.name, cell(f.doc), standard(f))
	}
	return b.String()
}

// standard is the default of a field, or that there is none.
func standard[T any](f field[T]) string {
	switch {
	case f.must:
		return "required"
	case f.standard == "":
		return ""
	}
	return cell(f.standard)
}

// cell is a text that may stand in a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "{{", "`{{", "}}", "}}`").Replace(s)
}

// stageRows are the keys of the three kinds of stages side by side.
func stageRows() string {
	var b strings.Builder
	b.WriteString("| key | meaning | internal | canary | complete |\n|---|---|---|---|---|\n")
	internal, complete := internalObject(), completeObject()
	for _, f := range canaryObject().fields {
		in, _ := internal.field(f.name)
		last, ok := complete.field(f.name)
		rest := cell(last.standard)
		if !ok {
			rest = "not allowed"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.name, cell(f.doc), cell(in.standard), cell(f.standard), rest)
	}
	return b.String()
}

// channelRows are the settings of every kind of channel.
func channelRows() string {
	var b strings.Builder
	b.WriteString("| channel | key | meaning | default |\n|---|---|---|---|\n")
	for _, k := range Channels() {
		fmt.Fprintf(&b, "| **`%s`** | | %s%s | |\n", k.Name, cell(k.Doc), oneOf(k.Either))
		settingRows(&b, k.Settings)
	}
	return b.String()
}

// sourceRows are the settings of every kind of source.
func sourceRows() string {
	var b strings.Builder
	b.WriteString("| source | key | meaning | default |\n|---|---|---|---|\n")
	for _, k := range Sources() {
		says := string(k.Says)
		if says == "" {
			says = "count, gauge"
			if slices.Contains(k.Either, "buckets") {
				says = "count, gauge, histogram"
			}
		}
		fmt.Fprintf(&b, "| **`%s`** | | %s (%s)%s | |\n", k.Name, cell(strings.TrimSuffix(k.Doc, ".")), says, oneOf(k.Either))
		settingRows(&b, k.Settings)
	}
	return b.String()
}

func settingRows(b *strings.Builder, all []Setting) {
	for _, s := range all {
		f := fieldOf(s, func(d *Details) *Details { return d })
		doc := cell(f.doc)
		if s.Secret {
			doc += " *Secret.*"
		}
		fmt.Fprintf(b, "| | `%s` | %s | %s |\n", f.name, doc, standard(f))
	}
}

func oneOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " Exactly one of `" + strings.Join(names, "`, `") + "`."
}

// TestDocs: the tables of docs/manifest.md are those of the parser, and every YAML
// block of it that is a whole file is valid.
func TestDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/manifest.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]string{
		"manifest": rows(manifestObject()), "deb": rows(debObject()), "tar.gz": rows(tarGzObject()), "health": rows(healthObject()),
		"environment": rows(environmentObject()), "ansible": rows(ansibleObject()), "local": rows(localObject()),
		"haproxy": rows(haproxyObject()), "stage": stageRows(), "check": rows(checkObject()), "bake": rows(bakeObject()), "metric": rows(metricObject()),
		"watch": rows(watchObject()), "channel": rows(object[Channel]{fields: channelFields()}), "channels": channelRows(), "sources": sourceRows(),
		"release": rows(releaseObject()), "statuses": rows(statusesObject()), "forge": rows(forgeObject("forge", "the public server; required for `gitea`", false)), "contact": rows(contactObject()),
		"standard": rows(standardObject()), "waiver": rows(waiverObject()),
		"compat": rows(compatObject()), "openapi": rows(openAPIObject()), "proto": rows(protoObject()), "messages": rows(messagesObject()),
		"migrations": rows(migrationsObject()), "defaults": rows(defaultsObject()), "coexist": rows(coexistObject()),
	}
	block := regexp.MustCompile(`(?s)<!-- keys: (\S+) -->\n.*?<!-- end -->`)
	made := block.ReplaceAllStringFunc(string(text), func(found string) string {
		name := block.FindStringSubmatch(found)[1]
		table, ok := tables[name]
		if !ok {
			t.Errorf("no table %q", name)
		}
		delete(tables, name)
		return fmt.Sprintf("<!-- keys: %s -->\n%s<!-- end -->", name, table)
	})
	for name := range tables {
		t.Errorf("docs/manifest.md has no table of %s", name)
	}
	golden(t, path, []byte(made))
	for _, found := range regexp.MustCompile("(?s)```yaml\n(service:.*?)```").FindAllStringSubmatch(made, -1) {
		if _, err := Parse(Name, []byte(found[1])); err != nil {
			t.Errorf("an example of the docs is refused: %v\n%s", err, found[1])
		}
	}
	for _, w := range wrongs(t) {
		if w.parserOnly && !strings.Contains(strings.Join(strings.Fields(made), " "), strings.TrimSpace(strings.TrimPrefix(string(w.archive.Comment), "only the parser sees this: "))) {
			t.Errorf("docs/manifest.md does not tell what only the parser sees: %s", w.archive.Comment)
		}
	}
}
