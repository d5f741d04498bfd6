package migration

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-deploy/slipway/internal/artifact/debian"
	"github.com/slipway-deploy/slipway/internal/compat/finding"
	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

// player runs statements on the model. What it runs while record is false was applied
// before; what comes after is new and judged.
type player struct {
	Options
	schema *schema
	record bool
	file   string
	at     sqltext.Token // the statement or action that is being judged
	due    string        // the version that the file's marker names
	drops  []drop        // of this file
	found  []finding.Finding
}

// drop remembers what a file dropped, because it may make it anew.
type drop struct {
	what, name string
	table      *table
	finding    int // in player.found
}

func (p *player) play(name string, text []byte) {
	script := sqltext.Scan(upOnly(string(text)), p.Dialect.quoting())
	p.file, p.due, p.drops = name, "", nil
	if p.record {
		p.marker(script.Comments)
	}
	for _, s := range script.Statements {
		p.statement(s.Tokens)
	}
	p.tidy()
}

var section = regexp.MustCompile(`(?i)^\s*--\s*(?:\+goose|\+migrate|migrate:)\s*(up|down)\b`)

// upOnly blanks the way back that goose, sql-migrate and dbmate keep in the same file.
func upOnly(text string) string {
	lines := strings.SplitAfter(text, "\n")
	down := false
	for i, line := range lines {
		if m := section.FindStringSubmatch(line); m != nil {
			down = strings.EqualFold(m[1], "down")
		}
		if down {
			lines[i] = "\n"
		}
	}
	return strings.Join(lines, "")
}

var isVersion = regexp.MustCompile(`^v?[0-9][0-9A-Za-z.+~:-]*$`)

const marking = "write it as `-- slipway: contract after VERSION`"

// marker reads `-- slipway: contract after VERSION`.
func (p *player) marker(comments []sqltext.Comment) {
	for _, c := range comments {
		text, ok := strings.CutPrefix(c.Text, "slipway:")
		if !ok {
			continue
		}
		words := strings.Fields(text)
		if len(words) == 3 && words[0] == "contract" && words[1] == "after" && isVersion.MatchString(words[2]) {
			p.due = words[2]
			continue
		}
		p.found = append(p.found, finding.Finding{
			Kind: finding.SQL, Rule: "sql-marker", Breaking: true, Place: finding.Place{File: p.file, Line: c.Line},
			What: fmt.Sprintf("the comment %q is addressed to slipway and not understood", c.Text), Mend: marking,
		})
	}
}

// prerelease turns 1.0.0-rc1 into 1.0.0~rc1, which is older than 1.0.0.
var prerelease = regexp.MustCompile(`^v?([0-9.]+)-([A-Za-z])`)

func plain(version string) string {
	return prerelease.ReplaceAllString(strings.TrimPrefix(version, "v"), "$1~$2")
}

// waiting gives a version that runs and is older than the marker's.
func (p *player) waiting() (string, bool) {
	for _, v := range p.Running {
		if debian.Compare(plain(v), plain(p.due)) < 0 {
			return v, true
		}
	}
	return "", false
}

func (p *player) add(rule string, breaking, unsafe bool, what, mend string) {
	if !p.record {
		return
	}
	p.found = append(p.found, finding.Finding{
		Kind: finding.SQL, Rule: rule, Place: finding.Place{File: p.file, Line: p.at.Line, Column: p.at.Column},
		What: what, Mend: mend, Breaking: breaking, RollbackUnsafe: unsafe,
	})
}

// contract is for what the old code cannot live with.
func (p *player) contract(rule, what, mend string) {
	if p.due == "" {
		p.add(rule, true, true, what+", while the old version may run",
			mend+"; when nothing uses it any more, put the step in a migration of its own marked `-- slipway: contract after VERSION`, the first version that does without")
		return
	}
	if v, early := p.waiting(); early {
		p.add("sql-contract-too-early", true, true, fmt.Sprintf("%s, which waits for %s, and a host runs %s", what, p.due, v),
			"leave this migration out until every host runs "+p.due+" or later")
		return
	}
	p.add("sql-contract-due", false, false, what+"; every host runs "+p.due+" or later", "nothing: the version to go back to does without it")
}

// ask is for what the old code may not live with: a person must look.
func (p *player) ask(rule, what, mend string) { p.add(rule, false, true, what, mend) }

// lock warns of what holds a table while it runs.
func (p *player) lock(rule, what, mend string) { p.add(rule, false, false, what, mend) }

// calls asks about a function of the project's that is run: it may do anything.
func (p *player) calls(c *cursor) {
	for i, t := range c.tokens[:max(0, len(c.tokens)-1)] {
		name := strings.ToLower(t.Text)
		_, function := p.schema.others["function "+name]
		_, procedure := p.schema.others["procedure "+name]
		if c.tokens[i+1].Is("(") && (function || procedure) || i == 0 && t.Is("call") {
			p.cannotTell(text(c.tokens[i:min(i+4, len(c.tokens))]) + " runs code of its own")
			return
		}
	}
}

func (p *player) cannotTell(what string) {
	p.ask("sql-cannot-tell", "cannot tell what this does to old code: "+what, "look at it, and say yes to it when the old version lives with it")
}

// statement dispatches on the first word.
func (p *player) statement(tokens []sqltext.Token) {
	c := &cursor{tokens: tokens}
	p.at = tokens[0]
	switch strings.ToUpper(tokens[0].Text) {
	case "CREATE":
		p.create(c)
	case "ALTER":
		p.alter(c)
	case "DROP":
		p.drop(c)
	case "RENAME":
		p.renameTables(c)
	case "TRUNCATE", "DELETE", "UPDATE", "INSERT", "REPLACE", "MERGE", "COPY", "WITH":
		p.data(c)
	case "REVOKE":
		p.contract("sql-revoke", "rights are taken away", "leave the rights that the old version uses")
	case "SELECT", "CALL":
		p.calls(c)
	case "SET", "BEGIN", "START", "COMMIT", "ROLLBACK", "ANALYZE", "VACUUM", "COMMENT", "GRANT", "PRAGMA", "USE", "EXPLAIN",
		"SAVEPOINT", "RELEASE", "END", "SHOW", "LOCK", "UNLOCK", "REFRESH", "RESET", "NOTIFY", "VALUES", "OPTIMIZE":
	case "REINDEX", "CLUSTER":
		if !c.has("concurrently") {
			p.lock("sql-lock", strings.ToUpper(tokens[0].Text)+" locks the table while it runs", "use REINDEX CONCURRENTLY, or do it at a quiet hour")
		}
	default:
		p.cannotTell(tokens[0].Text + " is not followed")
	}
}
