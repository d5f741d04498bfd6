package migration

import (
	"strings"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// cursor walks over the tokens of a statement or of a part of it.
type cursor struct {
	tokens []sqltext.Token
	i      int
}

func (c *cursor) done() bool { return c.i >= len(c.tokens) }

// peek gives the next token, an empty symbol at the end.
func (c *cursor) peek() sqltext.Token {
	if c.done() {
		return sqltext.Token{Kind: sqltext.Symbol}
	}
	return c.tokens[c.i]
}

// take goes over the keywords when they come next, all of them or none.
func (c *cursor) take(keywords ...string) bool {
	if c.i+len(keywords) > len(c.tokens) {
		return false
	}
	for k, word := range keywords {
		if !c.tokens[c.i+k].Is(word) {
			return false
		}
	}
	c.i += len(keywords)
	return true
}

// any goes over whichever of the keywords come next, in any order.
func (c *cursor) any(keywords ...string) {
	for {
		moved := false
		for _, k := range keywords {
			moved = c.take(k) || moved
		}
		if !moved {
			return
		}
	}
}

// has says whether a keyword stands anywhere from here on.
func (c *cursor) has(keyword string) bool {
	for _, t := range c.tokens[min(c.i, len(c.tokens)):] {
		if t.Is(keyword) {
			return true
		}
	}
	return false
}

// name reads a name, with its schema when it has one; public is left out.
func (c *cursor) name() string {
	part := c.part()
	for part != "" && c.take(".") {
		next := c.part()
		if part == "public" || part == "main" {
			part = next
			continue
		}
		part += "." + next
	}
	return part
}

func (c *cursor) part() string {
	t := c.peek()
	if t.Kind == sqltext.Symbol || t.Kind == sqltext.Number {
		return ""
	}
	c.i++
	return strings.ToLower(t.Text)
}

// group reads what stands in parentheses, without them; nil when none comes next.
func (c *cursor) group() []sqltext.Token {
	if !c.peek().Is("(") {
		return nil
	}
	start, depth := c.i+1, 0
	for ; !c.done(); c.i++ {
		if c.peek().Is("(") {
			depth++
		}
		if c.peek().Is(")") {
			depth--
		}
		if depth == 0 {
			c.i++
			return c.tokens[start : c.i-1]
		}
	}
	return c.tokens[min(start, len(c.tokens)):]
}

// split cuts tokens at the commas that stand in no parentheses.
func split(tokens []sqltext.Token) [][]sqltext.Token {
	var parts [][]sqltext.Token
	start, depth := 0, 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case t.Is(",") && depth == 0:
			parts = append(parts, tokens[start:i])
			start = i + 1
		}
	}
	if start < len(tokens) {
		parts = append(parts, tokens[start:])
	}
	return parts
}

func text(tokens []sqltext.Token) string {
	var out strings.Builder
	for i, t := range tokens {
		if i > 0 && !t.Is("(") && !t.Is(")") && !t.Is(",") && !tokens[i-1].Is("(") {
			out.WriteByte(' ')
		}
		if t.Kind == sqltext.String {
			out.WriteString("'" + t.Text + "'")
			continue
		}
		out.WriteString(strings.ToLower(t.Text))
	}
	return out.String()
}
