package migration

import (
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// schema is what the migrations made so far, as far as it can be read from them.
type schema struct {
	tables map[string]*table
	// others are views, types, functions and so on; the value says new in this release.
	others map[string]bool
}

func newSchema() *schema { return &schema{tables: map[string]*table{}, others: map[string]bool{}} }

type table struct {
	columns map[string]*column
	fresh   bool // new in this release: the old code does not know it
}

type column struct {
	kind      string // the type as written, lower case
	notNull   bool
	filled    bool // it has a default, or the database makes its values
	volatile  bool // the default must be computed for each row
	unique    bool
	check     bool
	reference bool
	fresh     bool
}

func (s *schema) table(name string) *table {
	if t := s.tables[name]; t != nil {
		return t
	}
	return &table{columns: map[string]*column{}}
}

// known gives a table to change: one that no migration made is taken up as old.
func (s *schema) known(name string) *table {
	t := s.tables[name]
	if t == nil {
		t = &table{columns: map[string]*column{}}
		s.tables[name] = t
	}
	return t
}

// freshColumns says whether every name is a column of this release that old code leaves empty.
func (t *table) freshColumns(names []string) bool {
	for _, n := range names {
		if c := t.columns[n]; c == nil || !c.fresh {
			return false
		}
	}
	return len(names) > 0
}

// mayBeNull says whether one of the columns is new and empty in what old code writes.
func (t *table) mayBeNull(names []string) bool {
	for _, n := range names {
		if c := t.columns[n]; c != nil && c.fresh && !c.notNull && !c.filled {
			return true
		}
	}
	return false
}

// notType are the words that end a column's type.
var notType = map[string]bool{
	"not": true, "null": true, "default": true, "primary": true, "unique": true, "references": true, "check": true, "generated": true,
	"constraint": true, "collate": true, "auto_increment": true, "autoincrement": true, "comment": true, "first": true, "after": true,
	"as": true, "stored": true, "virtual": true, "on": true, "storage": true, "compression": true, "using": true, "key": true, "invisible": true,
}

// columnDefinition reads a column's name, type and constraints.
func columnDefinition(tokens []sqltext.Token) (string, *column) {
	c := &cursor{tokens: tokens}
	name := c.part()
	col := &column{kind: columnType(c)}
	if strings.Contains(col.kind, "serial") {
		col.filled, col.notNull = true, true
	}
	for !c.done() {
		col.attribute(c)
	}
	return name, col
}

func columnType(c *cursor) string {
	start := c.i
	for !c.done() {
		t := c.peek()
		if t.Kind == sqltext.Word && notType[strings.ToLower(t.Text)] || t.Is("character") && c.i > start {
			break
		}
		if c.group() == nil {
			c.i++
		}
	}
	return text(c.tokens[start:c.i])
}

// attribute reads one constraint of a column.
func (col *column) attribute(c *cursor) {
	switch {
	case c.take("not", "null"):
		col.notNull = true
	case c.take("primary", "key"):
		col.notNull, col.unique = true, true
	case c.take("unique"):
		col.unique = true
	case c.take("references"):
		col.reference = true
	case c.take("check"):
		col.check = true
		c.group()
	case c.take("auto_increment"), c.take("autoincrement"), c.take("generated"), c.take("as"):
		col.filled = true
		c.any("always", "by", "default", "on", "null", "as", "identity", "stored", "virtual")
		c.group()
	case c.take("on", "update"), c.take("on", "delete"):
		c.any("set", "null", "default", "cascade", "restrict", "no", "action")
	case c.take("default"):
		col.filled = !c.peek().Is("null")
		col.volatile = volatile(c)
	default:
		if c.group() == nil {
			c.i++
		}
	}
}

// stable are functions whose value PostgreSQL keeps once for all rows that exist.
var stable = map[string]bool{"now": true, "current_timestamp": true, "current_date": true, "current_user": true, "statement_timestamp": true, "transaction_timestamp": true}

// volatile reads a default and says whether it calls something for each row.
func volatile(c *cursor) bool {
	calls := false
	for !c.done() {
		t := c.peek()
		if t.Kind == sqltext.Word && notType[strings.ToLower(t.Text)] && !t.Is("null") {
			break
		}
		if t.Kind == sqltext.Word && c.i+1 < len(c.tokens) && c.tokens[c.i+1].Is("(") && !stable[strings.ToLower(t.Text)] && !cast(c) {
			calls = true
		}
		if c.group() == nil {
			c.i++
		}
	}
	return calls
}

// cast says that the word names a type after ::.
func cast(c *cursor) bool { return c.i > 0 && c.tokens[c.i-1].Is(":") }
