// Package migration reads a directory of SQL migrations as both versions have it and says
// which of the new ones the old code cannot live with. It plays them on a model of the
// tables, so that what is new in this release may be changed freely. It never speaks to a
// database. internal/compat calls it.
package migration

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// Dialect is a database's SQL.
type Dialect int

// The dialects.
const (
	PostgreSQL Dialect = iota
	MySQL
	SQLite
)

func (d Dialect) quoting() sqltext.Quoting {
	switch d {
	case MySQL:
		return sqltext.Quoting{Backslash: true, StringDouble: true}
	case SQLite:
		return sqltext.Quoting{Brackets: true}
	}
	return sqltext.Quoting{Dollar: true}
}

// Options say what the files are played against.
type Options struct {
	Dir     string
	Dialect Dialect
	// Running are the versions that hosts have now, the live version among them.
	Running []string
}

// Compare checks the directory in both trees. A tree without the directory has no
// migrations. The error is for files that cannot be read.
func Compare(oldTree, newTree fs.FS, o Options) ([]finding.Finding, error) {
	before, err := read(oldTree, o.Dir)
	if err != nil {
		return nil, err
	}
	after, err := read(newTree, o.Dir)
	if err != nil {
		return nil, err
	}
	p := &player{Options: o, schema: newSchema()}
	p.applied(before, after)
	for _, name := range ordered(before) {
		if !repeatable(name) || bytes.Equal(before[name], after[name]) {
			p.play(name, before[name])
		}
	}
	p.record = true
	last := ""
	if names := slices.DeleteFunc(ordered(before), repeatable); len(names) > 0 {
		last = names[len(names)-1]
	}
	for _, name := range ordered(after) {
		text, had := before[name]
		if had && (!repeatable(name) || bytes.Equal(text, after[name])) {
			continue
		}
		if !had && last != "" && !repeatable(name) && natural(name, last) < 0 {
			p.whole(name, "sql-out-of-order", false, fmt.Sprintf("it is new and stands before %s, which is applied: some tools never run it", path.Base(last)), "give it a number after the last one")
		}
		p.play(name, after[name])
	}
	return p.found, nil
}

// read gives the migrations of a directory and those below it, without the ways back.
func read(tree fs.FS, dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	if _, err := fs.Stat(tree, dir); err != nil {
		return files, nil //nolint:nilerr // a version without migrations
	}
	err := fs.WalkDir(tree, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(path.Ext(name), ".sql") || wayBack(name) {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		files[name] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read migrations in %s: %w", dir, err)
	}
	return files, nil
}

var undo = regexp.MustCompile(`(?i)^U[0-9._]+__`)

func wayBack(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasSuffix(base, ".down.sql") || base == "down.sql" || undo.MatchString(path.Base(name))
}

// repeatable files are run again whenever they change.
func repeatable(name string) bool { return strings.HasPrefix(path.Base(name), "R__") }

func ordered(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if repeatable(a) != repeatable(b) {
			if repeatable(a) {
				return 1
			}
			return -1
		}
		return natural(a, b)
	})
	return names
}

// natural compares names with their numbers as numbers: 2_b before 10_a.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := chunk(a), chunk(b)
		a, b = a[len(x):], b[len(y):]
		if digit(x[0]) && digit(y[0]) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func chunk(s string) string {
	i := 1
	for i < len(s) && digit(s[i]) == digit(s[0]) {
		i++
	}
	return s[:i]
}

// applied refuses changes to what the live version already ran.
func (p *player) applied(before, after map[string][]byte) {
	for _, name := range ordered(before) {
		text, ok := after[name]
		switch {
		case !ok:
			p.whole(name, "sql-applied-deleted", true, "the live version applied it and the new one does not have it", "put the file back as it was, under its name")
			p.found[len(p.found)-1].Place.Old = true
		case !repeatable(name) && !bytes.Equal(before[name], text):
			p.whole(name, "sql-applied-edited", true, "the live version applied it, and the new one has it with other text: no database runs it again", "put the old text back and write the change as a new migration")
			p.found[len(p.found)-1].Place.Line = firstDifference(before[name], text)
		}
	}
}

func firstDifference(a, b []byte) int {
	line := 1
	for i := 0; i < min(len(a), len(b)); i++ {
		if a[i] != b[i] {
			return line
		}
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// whole adds a finding about a file.
func (p *player) whole(name, rule string, breaking bool, what, mend string) {
	p.found = append(p.found, finding.Finding{
		Kind: finding.SQL, Rule: rule, Place: finding.Place{File: name, Line: 1}, What: what, Mend: mend, Breaking: breaking,
	})
}
