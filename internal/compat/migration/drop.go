package migration

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/finding"
)

// drop reads DROP. What is new in this release may go: old code never knew it.
func (p *player) drop(c *cursor) {
	c.take("drop")
	c.any("temporary", "materialized")
	word := strings.ToLower(c.peek().Text)
	c.i++
	c.take("concurrently")
	c.take("if", "exists")
	switch word {
	case "table":
		p.each(c, p.dropTable)
	case "index":
		if p.Dialect == PostgreSQL && !(&cursor{tokens: c.tokens}).has("concurrently") {
			p.lock("sql-lock", "DROP INDEX waits for all that uses the table and stops it meanwhile", "use DROP INDEX CONCURRENTLY")
		}
	case "view", "function", "procedure", "type", "domain", "sequence", "schema", "extension", "database", "aggregate", "owned", "role", "user":
		p.each(c, func(name string) { p.dropOther(word, name) })
	case "trigger", "policy", "rule", "event":
		p.drops = append(p.drops, drop{what: word, name: c.name(), finding: -1})
		p.ask("sql-drop-"+word, "a "+word+" that old code may count on is gone", "look at it, and say yes to it when the old version lives without")
		p.lastDrop()
	default:
		p.cannotTell("DROP " + strings.ToUpper(word) + " is not followed")
	}
}

func (p *player) each(c *cursor, do func(string)) {
	for {
		do(c.name())
		c.group()
		if !c.take(",") {
			return
		}
	}
}

// lastDrop ties the last drop to the finding about it.
func (p *player) lastDrop() {
	if p.record {
		p.drops[len(p.drops)-1].finding = len(p.found) - 1
	}
}

func (p *player) dropTable(name string) {
	t := p.schema.tables[name]
	delete(p.schema.tables, name)
	if t != nil && t.fresh {
		return
	}
	p.drops = append(p.drops, drop{what: "table", name: name, table: t, finding: -1})
	p.contract("sql-drop-table", fmt.Sprintf("table %s is dropped", name), "leave the table")
	p.lastDrop()
}

func (p *player) dropOther(word, name string) {
	fresh, known := p.schema.others[word+" "+name]
	delete(p.schema.others, word+" "+name)
	if known && fresh {
		return
	}
	p.drops = append(p.drops, drop{what: word, name: name, finding: -1})
	p.contract("sql-drop-"+word, fmt.Sprintf("%s %s is dropped", word, name), "leave the "+word)
	p.lastDrop()
}

// rename moves a table. A fresh one that takes the place of one that the file dropped is
// SQLite's way to change a table: what counts is how the two differ.
func (p *player) rename(from, to string) {
	t := p.schema.known(from)
	delete(p.schema.tables, from)
	p.schema.tables[to] = t
	if !t.fresh {
		// A view with the old name in the same file lets old code go on.
		p.drops = append(p.drops, drop{what: "view", name: from, finding: -1})
		p.contract("sql-rename-table", fmt.Sprintf("table %s is renamed to %s", from, to), "make a view with the new name, or leave the name")
		p.lastDrop()
		return
	}
	for _, d := range p.drops {
		if d.what == "table" && d.name == to {
			p.forget("table " + to)
			p.rebuilt(to, d.table, t)
			return
		}
	}
}

// rebuilt compares a table with the one that replaced it.
func (p *player) rebuilt(name string, was, is *table) {
	is.fresh = false
	if was == nil {
		p.cannotTell("table " + name + " is made anew, and no migration says what it was")
		return
	}
	for _, n := range slices.Sorted(maps.Keys(was.columns)) {
		before, after := was.columns[n], is.columns[n]
		if after == nil {
			p.dropColumn(name, n, before)
			continue
		}
		after.fresh = before.fresh
		p.changed(name, n, before, after)
	}
	for _, n := range slices.Sorted(maps.Keys(is.columns)) {
		if was.columns[n] == nil {
			p.added(name, n, is.columns[n])
		}
	}
}

// tidy takes out the findings that were taken back.
func (p *player) tidy() {
	p.found = slices.DeleteFunc(p.found, func(f finding.Finding) bool { return f.Rule == "" })
}
