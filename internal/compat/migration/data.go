package migration

import (
	"fmt"
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// data judges statements that change rows.
func (p *player) data(c *cursor) {
	if c.take("with") {
		for !c.done() && !c.peek().Is("update") && !c.peek().Is("delete") && !c.peek().Is("insert") && !c.peek().Is("merge") {
			c.i++
		}
	}
	switch {
	case c.take("truncate"):
		c.take("table")
		p.each(c, func(name string) {
			p.old(p.schema.table(name), func() {
				p.contract("sql-truncate", fmt.Sprintf("all rows of %s are deleted", name), "leave them until the old version is gone")
			})
		})
	case c.take("delete"):
		p.deleted(c)
	case c.take("update"):
		p.updated(c)
	case c.take("insert"), c.take("replace"), c.take("merge"):
		p.inserted(c)
	}
}

func (p *player) deleted(c *cursor) {
	c.any("low_priority", "quick", "ignore", "from", "only")
	name := c.name()
	p.old(p.schema.table(name), func() {
		if !c.has("where") {
			p.contract("sql-delete-all", fmt.Sprintf("all rows of %s are deleted", name), "leave them until the old version is gone")
			return
		}
		p.ask("sql-data", fmt.Sprintf("rows of %s that old code may use are deleted, and going back does not bring them back", name), "say yes to it when old code does without them")
	})
}

// updated lets a migration fill what is new in this release.
func (p *player) updated(c *cursor) {
	c.any("low_priority", "ignore", "only", "or", "rollback", "abort", "fail")
	name := c.name()
	t := p.schema.table(name)
	for !c.done() && !c.take("set") {
		c.i++
	}
	end := len(c.tokens)
	for i := c.i; i < len(c.tokens); i++ {
		if c.tokens[i].Is("where") || c.tokens[i].Is("from") || c.tokens[i].Is("returning") {
			end = i
			break
		}
	}
	var columns []string
	for _, part := range split(c.tokens[min(c.i, end):end]) {
		columns = append(columns, assigned(part)...)
	}
	if t.fresh || t.freshColumns(columns) {
		return
	}
	p.ask("sql-data", fmt.Sprintf("rows of %s that old code reads are changed (%s), and going back does not change them back", name, strings.Join(columns, ", ")), "fill a new column instead, or say yes to it when old code reads the new values")
}

// assigned reads the target of SET: a = 1, t.a = 1, (a, b) = (1, 2).
func assigned(part []sqltext.Token) []string {
	c := &cursor{tokens: part}
	if group := c.group(); group != nil {
		return names(group)
	}
	full := c.name()
	return []string{full[strings.LastIndexByte(full, '.')+1:]}
}

func (p *player) inserted(c *cursor) {
	c.any("low_priority", "ignore", "into", "or", "replace")
	name := c.name()
	overwrites := c.tokens[0].Is("replace") || c.tokens[0].Is("merge") || c.has("duplicate") || c.has("conflict") && c.has("update")
	if overwrites && !p.schema.table(name).fresh {
		p.ask("sql-data", fmt.Sprintf("rows of %s that old code reads may be written over, and going back does not change them back", name), "say yes to it when old code reads the new values")
	}
}
