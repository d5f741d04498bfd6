package migration

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

func (p *player) alter(c *cursor) {
	c.take("alter")
	word := strings.ToLower(c.peek().Text)
	c.i++
	switch word {
	case "table":
		p.alterTable(c)
	case "type", "domain":
		p.alterType(c, word)
	case "index":
	case "view", "sequence", "function", "procedure", "materialized":
		c.take("if", "exists")
		name := word + " " + c.name()
		if p.schema.others[name] {
			return
		}
		if c.has("rename") {
			p.contract("sql-rename", name+" is renamed", "leave the name and make a second one beside it")
			return
		}
		p.ask("sql-altered", name+" is changed, and old code may use it as it was", "look at it, and say yes to it when the old version lives with it")
	case "database", "role", "user", "extension", "default", "policy", "system", "publication", "subscription", "server", "schema", "trigger":
		p.ask("sql-altered", "ALTER "+strings.ToUpper(word)+" may change what old code meets", "look at it, and say yes to it when the old version lives with it")
	default:
		p.cannotTell("ALTER " + strings.ToUpper(word) + " is not followed")
	}
}

func (p *player) alterType(c *cursor, word string) {
	name := c.name()
	if p.schema.others[word+" "+name] {
		return
	}
	switch {
	case c.take("add", "value"):
		p.ask("sql-enum-value", fmt.Sprintf("type %s gets a value that old code does not know: it meets it once the new version writes it", name),
			"write the value only in the release after, or say yes when old code reads it")
	case c.take("add"), c.take("owner"), c.take("set", "default"), c.take("drop", "not"), c.take("drop", "constraint"), c.take("validate"):
	default:
		p.contract("sql-alter-type", fmt.Sprintf("%s %s is changed or renamed", word, name), "make a second one beside it")
	}
}

func (p *player) alterTable(c *cursor) {
	c.take("if", "exists")
	c.take("only")
	name := c.name()
	c.take("*")
	t := p.schema.known(name)
	for _, action := range split(c.tokens[min(c.i, len(c.tokens)):]) {
		if len(action) == 0 {
			continue
		}
		p.at = action[0]
		p.action(name, t, &cursor{tokens: action})
	}
}

// action judges one change of ALTER TABLE.
func (p *player) action(name string, t *table, c *cursor) {
	switch {
	case c.take("add"):
		p.addAction(name, t, c)
	case c.take("drop"):
		p.dropAction(name, t, c)
	case c.take("rename"):
		p.renameAction(name, t, c)
	case c.take("alter"):
		c.take("column")
		p.alterColumn(name, t, c)
	case c.take("modify"):
		c.take("column")
		p.modify(name, t, c, c.peek().Text)
	case c.take("change"):
		c.take("column")
		p.modify(name, t, c, c.part())
	case c.take("detach"):
		p.contract("sql-detach", fmt.Sprintf("a partition of %s is taken away with its rows", name), "leave it attached")
	case c.take("set", "schema"):
		p.old(t, func() {
			p.contract("sql-rename-table", fmt.Sprintf("table %s moves to another schema", name), "leave it where it is")
		})
	case c.take("enable"), c.take("disable"), c.take("force"), c.take("owner"), c.take("convert"):
		p.old(t, func() {
			p.ask("sql-altered", fmt.Sprintf("%s of %s may change what old code reads and writes", text(c.tokens), name), "look at it, and say yes to it when the old version lives with it")
		})
	case c.take("validate"), c.take("attach"), c.take("set"), c.take("reset"), c.take("cluster"), c.take("replica"), c.take("inherit"),
		c.take("engine"), c.take("comment"), c.take("auto_increment"), c.take("algorithm"), c.take("lock"), c.take("row_format"), c.take("default"), c.take("order"), c.take("no"):
	default:
		p.cannotTell("ALTER TABLE ... " + text(c.tokens) + " is not followed")
	}
}

// old runs f when old code knows the table.
func (p *player) old(t *table, f func()) {
	if !t.fresh {
		f()
	}
}

func (p *player) addAction(name string, t *table, c *cursor) {
	explicit := c.take("column")
	if w := c.peek(); !explicit && w.Kind == sqltext.Word && constraintWords[strings.ToLower(w.Text)] {
		p.old(t, func() { p.addConstraint(name, t, c) })
		return
	}
	if !explicit && (c.take("partition") || c.take("value")) {
		return
	}
	if c.take("if", "not", "exists") && t.columns[strings.ToLower(c.peek().Text)] != nil {
		return
	}
	defs := [][]sqltext.Token{c.tokens[min(c.i, len(c.tokens)):]}
	if c.peek().Is("(") {
		defs = split(c.group())
	}
	for _, def := range defs {
		n, col := columnDefinition(def)
		col.fresh = p.record
		t.columns[n] = col
		p.old(t, func() { p.added(name, n, col) })
	}
}

// added judges a column that is new on a table that old code writes without it.
func (p *player) added(table, name string, col *column) {
	at := table + "." + name
	switch {
	case col.notNull && !col.filled:
		p.contract("sql-add-not-null", fmt.Sprintf("column %s is NOT NULL without a default: old code inserts rows without it", at), "give it a default, or let it be NULL until the old version is gone")
	case col.unique && col.filled && !strings.Contains(col.kind, "serial") && !col.volatile:
		p.contract("sql-unique", fmt.Sprintf("column %s is unique with one default for all: the second row that old code inserts is refused", at), "leave out UNIQUE until the old version is gone")
	}
	if col.volatile && p.Dialect == PostgreSQL {
		p.lock("sql-lock", fmt.Sprintf("the default of %s is computed for each row: the whole table is written anew under a lock", at), "add the column without a default, set the default after, and fill it in steps")
	}
}

// addConstraint judges a constraint on a table that old code writes.
func (p *player) addConstraint(name string, t *table, c *cursor) {
	if c.take("constraint") && constraintWords[strings.ToLower(c.tokens[min(c.i+1, len(c.tokens)-1)].Text)] {
		c.part()
	}
	const mend = "let the new version keep to it in code first; NOT VALID does not help, new rows are checked all the same"
	switch {
	case c.take("check"):
		if used := t.mentioned(c.group()); !t.freshColumns(used) {
			p.contract("sql-check", fmt.Sprintf("a check on %s refuses rows that old code may write", name), mend)
		}
	case c.take("unique"), c.take("primary", "key"), c.take("exclude"):
		c.any("key", "index")
		if c.has("using") && c.has("index") && !c.peek().Is("(") && !c.take("using", "gist") {
			return // the index was unique before
		}
		if !c.peek().Is("(") {
			c.part()
		}
		if columns := names(c.group()); !t.mayBeNull(columns) {
			p.contract("sql-unique", fmt.Sprintf("%s refuses rows that old code may write", name+" with this constraint"), "leave it out until the old version is gone")
		}
	case c.take("foreign", "key"):
		if !c.peek().Is("(") {
			c.part()
		}
		if columns := names(c.group()); !t.freshColumns(columns) {
			p.contract("sql-foreign-key", fmt.Sprintf("a foreign key of %s refuses rows that old code may write", name), mend)
		}
	case c.take("index"), c.take("key"), c.take("fulltext"), c.take("spatial"):
	default:
		p.cannotTell("ALTER TABLE ADD " + text(c.tokens) + " is not followed")
	}
}

// mentioned gives the table's columns that an expression names; all of it when none is known.
func (t *table) mentioned(tokens []sqltext.Token) []string {
	var out []string
	for _, tok := range tokens {
		if n := strings.ToLower(tok.Text); tok.Kind == sqltext.Quoted || tok.Kind == sqltext.Word && t.columns[n] != nil {
			out = append(out, n)
		}
	}
	return out
}
