package migration

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// create reads CREATE: almost all of it adds, and old code does not look at what it does not know.
func (p *player) create(c *cursor) {
	c.take("create")
	replace := c.take("or", "replace")
	if c.take("definer") {
		p.definer(c)
	}
	unique := c.take("unique")
	c.any("global", "local", "temporary", "temp", "unlogged", "external", "materialized", "recursive", "fulltext", "spatial", "constraint", "virtual", "algorithm", "sql", "security", "trusted")
	word := c.peek()
	c.i++
	switch strings.ToLower(word.Text) {
	case "table":
		p.createTable(c)
	case "index":
		p.createIndex(c, unique)
	case "view", "function", "procedure", "type", "domain", "sequence", "trigger", "aggregate":
		p.createOther(c, strings.ToLower(word.Text), replace)
	case "policy", "rule":
		p.ask("sql-"+strings.ToLower(word.Text), "a "+strings.ToLower(word.Text)+" changes what old code reads or writes", "look at it, and say yes to it when the old version lives with it")
	case "schema", "extension", "database", "role", "user", "event", "server", "publication", "subscription", "statistics", "collation", "cast", "operator", "foreign":
	default:
		p.cannotTell("CREATE " + strings.ToUpper(word.Text) + " is not followed")
	}
}

// definer goes over MySQL's DEFINER = user@host.
func (p *player) definer(c *cursor) {
	c.take("=")
	c.part()
	if c.take("@") {
		c.part()
	}
	c.take("sql", "security")
	c.any("definer", "invoker")
}

func (p *player) createTable(c *cursor) {
	ifNot := c.take("if", "not", "exists")
	name := c.name()
	if p.schema.tables[name] != nil && ifNot {
		return
	}
	t := &table{columns: map[string]*column{}, fresh: p.record}
	if c.take("partition", "of") {
		t.fresh = t.fresh && p.schema.table(c.name()).fresh
	}
	for _, def := range split(c.group()) {
		p.define(t, def)
	}
	p.schema.tables[name] = t
}

// constraintWords begin a definition that is no column.
var constraintWords = map[string]bool{
	"constraint": true, "primary": true, "unique": true, "foreign": true, "check": true, "exclude": true, "like": true, "key": true,
	"index": true, "fulltext": true, "spatial": true, "period": true,
}

func (p *player) define(t *table, def []sqltext.Token) {
	if len(def) == 0 {
		return
	}
	if def[0].Kind == sqltext.Word && constraintWords[strings.ToLower(def[0].Text)] {
		c := &cursor{tokens: def}
		if c.take("primary", "key") {
			for _, n := range names(c.group()) {
				if col := t.columns[n]; col != nil {
					col.notNull = true
				}
			}
		}
		if c.take("like") {
			for n, col := range p.schema.table(c.name()).columns {
				copied := *col
				t.columns[n] = &copied
			}
		}
		return
	}
	name, col := columnDefinition(def)
	col.fresh = p.record
	t.columns[name] = col
}

// names reads a list of columns: a, b DESC, lower(c).
func names(tokens []sqltext.Token) []string {
	var out []string
	for _, part := range split(tokens) {
		if len(part) > 1 && part[1].Is("(") {
			for _, t := range part[2:] {
				if t.Kind == sqltext.Word || t.Kind == sqltext.Quoted {
					out = append(out, strings.ToLower(t.Text))
				}
			}
			continue
		}
		if n := (&cursor{tokens: part}).part(); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func (p *player) createIndex(c *cursor, unique bool) {
	concurrently := c.take("concurrently")
	c.take("if", "not", "exists")
	if !c.peek().Is("on") {
		c.name()
	}
	c.take("on")
	c.take("only")
	on := c.name()
	if c.take("using") {
		c.part()
	}
	t := p.schema.table(on)
	if t.fresh {
		return
	}
	if columns := names(c.group()); unique && !t.mayBeNull(columns) {
		p.contract("sql-unique", fmt.Sprintf("a unique index on %s refuses rows that old code may write", on), "leave the index without UNIQUE")
	}
	if p.Dialect == PostgreSQL && !concurrently {
		p.lock("sql-lock", fmt.Sprintf("CREATE INDEX stops all writing to %s while it is built", on), "use CREATE INDEX CONCURRENTLY, in a migration without a transaction")
	}
}

func (p *player) createOther(c *cursor, word string, replace bool) {
	c.take("if", "not", "exists")
	name := word + " " + c.name()
	_, known := p.schema.others[name]
	remade := p.forget(name)
	if word == "trigger" && !remade {
		if on := tableAfterOn(c); !p.schema.table(on).fresh {
			p.ask("sql-trigger", fmt.Sprintf("a trigger on %s changes what happens when old code writes", on), "look at it, and say yes to it when the old version lives with it")
		}
	}
	if known && replace || remade {
		if !p.schema.others[name] {
			p.ask("sql-replaced", name+" is replaced, and old code may use it as it was", "make a new one with another name, or say yes to it when old code lives with the new one")
		}
		return
	}
	p.schema.others[name] = p.record
}

func tableAfterOn(c *cursor) string {
	for !c.done() {
		if c.take("on") {
			return c.name()
		}
		c.i++
	}
	return ""
}

// forget takes back the refusal of a drop when the same file makes the thing anew.
func (p *player) forget(name string) bool {
	for i, d := range p.drops {
		if d.what+" "+d.name != name {
			continue
		}
		if p.record && d.finding >= 0 {
			p.found[d.finding].Rule = "" // taken out at the end of the file
		}
		p.drops = append(p.drops[:i], p.drops[i+1:]...)
		return true
	}
	return false
}
