package migration

import (
	"fmt"
	"strings"
)

func (p *player) dropAction(name string, t *table, c *cursor) {
	switch {
	case c.take("constraint"), c.take("foreign", "key"), c.take("check"):
		p.old(t, func() {
			p.ask("sql-drop-constraint", fmt.Sprintf("a constraint of %s is gone: old code may meet rows that it never met", name), "say yes to it when old code reads such rows")
		})
		return
	case c.take("primary", "key"):
		p.old(t, func() {
			p.contract("sql-drop-key", fmt.Sprintf("the primary key of %s is gone", name), "leave it")
		})
		return
	case c.take("index"), c.take("key"), c.take("partition"):
		if c.tokens[c.i-1].Is("partition") {
			p.contract("sql-detach", fmt.Sprintf("a partition of %s is dropped with its rows", name), "leave it")
		}
		return
	}
	c.take("column")
	c.take("if", "exists")
	n := c.part()
	col := t.columns[n]
	delete(t.columns, n)
	p.old(t, func() { p.dropColumn(name, n, col) })
}

func (p *player) dropColumn(table, name string, col *column) {
	if col != nil && col.fresh {
		return
	}
	p.contract("sql-drop-column", fmt.Sprintf("column %s.%s is dropped", table, name), "leave the column")
}

func (p *player) renameAction(name string, t *table, c *cursor) {
	switch {
	case c.take("to"), c.take("as"):
		p.rename(name, c.name())
		return
	case c.take("constraint"), c.take("index"), c.take("key"):
		return
	}
	c.take("column")
	from := c.part()
	if c.take("to"); c.done() { // MySQL: RENAME other
		p.rename(name, from)
		return
	}
	to := c.part()
	col := t.columns[from]
	if col == nil {
		col = &column{}
	}
	delete(t.columns, from)
	t.columns[to] = col
	if !t.fresh && !col.fresh {
		p.contract("sql-rename-column", fmt.Sprintf("column %s.%s is renamed to %s", name, from, to), "add a second column, write both, and drop the old one in a later release")
	}
}

// renameTables reads MySQL's RENAME TABLE a TO b, c TO d.
func (p *player) renameTables(c *cursor) {
	c.take("rename")
	c.take("table")
	for {
		from := c.name()
		if !c.take("to") {
			return
		}
		p.rename(from, c.name())
		if !c.take(",") {
			return
		}
	}
}

func (t *table) column(name string) *column {
	if t.columns[name] == nil {
		t.columns[name] = &column{}
	}
	return t.columns[name]
}

// alterColumn judges ALTER COLUMN.
func (p *player) alterColumn(name string, t *table, c *cursor) {
	n := c.part()
	col := t.column(n)
	before := *col
	at := name + "." + n
	quiet := t.fresh || col.fresh
	switch {
	case c.take("set", "not", "null"):
		col.notNull = true
	case c.take("drop", "not", "null"):
		col.notNull = false
		if !quiet {
			p.nullable(at)
		}
		return
	case c.take("set", "default"):
		col.filled = !c.peek().Is("null")
		return
	case c.take("drop", "default"):
		col.filled = false
		if !quiet {
			p.defaultGone(at, &before)
		}
		return
	case c.take("type"), c.take("set", "data", "type"):
		col.kind = columnType(c)
	case c.take("set"), c.take("add"), c.take("restart"), c.take("reset"), c.take("drop", "identity"), c.take("drop", "expression"):
		return
	default:
		p.cannotTell("ALTER COLUMN " + text(c.tokens) + " is not followed")
		return
	}
	if !quiet {
		p.changed(name, n, &before, col)
	}
}

func (p *player) nullable(at string) {
	p.ask("sql-drop-not-null", fmt.Sprintf("%s may be NULL now: old code may meet one once the new version writes it", at), "write no NULL until the old version is gone, or say yes when old code reads it")
}

func (p *player) defaultGone(at string, before *column) {
	if before.notNull || before.kind == "" {
		p.contract("sql-drop-default", fmt.Sprintf("%s loses its default: old code may insert rows without it", at), "leave the default")
		return
	}
	p.ask("sql-drop-default", fmt.Sprintf("%s loses its default: rows that old code inserts without it get NULL", at), "leave the default, or say yes when both versions read NULL")
}

// modify reads MySQL's MODIFY and CHANGE, which write the whole column anew.
func (p *player) modify(name string, t *table, c *cursor, from string) {
	from = strings.ToLower(from)
	to, col := columnDefinition(c.tokens[min(c.i, len(c.tokens)):])
	before := t.columns[from]
	delete(t.columns, from)
	t.columns[to] = col
	if before == nil {
		before = &column{}
	}
	col.fresh = before.fresh
	if t.fresh || col.fresh {
		return
	}
	if from != to {
		p.contract("sql-rename-column", fmt.Sprintf("column %s.%s is renamed to %s", name, from, to), "add a second column, write both, and drop the old one in a later release")
	}
	p.changed(name, to, before, col)
}

// changed judges what became of a column that old code reads and writes.
func (p *player) changed(table, name string, before, after *column) {
	at := table + "." + name
	switch {
	case after.notNull && !before.notNull && after.filled:
		p.ask("sql-set-not-null", fmt.Sprintf("%s is NOT NULL now: old code that writes NULL itself is refused", at), "say yes to it when old code never writes NULL there")
	case after.notNull && !before.notNull:
		p.contract("sql-set-not-null", fmt.Sprintf("%s is NOT NULL now and has no default: rows that old code writes without it are refused", at), "set a default first, or leave it NULL until the old version is gone")
	case before.notNull && !after.notNull && before.kind != "":
		p.nullable(at)
	}
	if before.filled && !after.filled {
		p.defaultGone(at, before)
	}
	if before.kind == after.kind {
		return
	}
	switch widening(before.kind, after.kind) {
	case holdsMore:
		p.ask("sql-type-widened", fmt.Sprintf("%s was %s and is %s: old code may meet values that are too large for it", at, before.kind, after.kind), "write only what the old type can hold until the old version is gone")
		if p.Dialect == PostgreSQL {
			p.lock("sql-lock", fmt.Sprintf("changing the type of %s writes the whole table anew under a lock", at), "add a second column and fill it in steps")
		}
	case narrows:
		was := before.kind
		if was == "" {
			was = "of a type that no migration tells"
		}
		p.contract("sql-type-changed", fmt.Sprintf("%s was %s and is %s", at, was, after.kind), "add a second column, write both, and drop the old one in a later release")
	}
}
