package sqltext_test

import (
	"strings"
	"testing"

	"github.com/slipway-deploy/slipway/internal/compat/sqltext"
)

var (
	postgres = sqltext.Quoting{Dollar: true}
	mysql    = sqltext.Quoting{Backslash: true, StringDouble: true}
	sqlite   = sqltext.Quoting{Brackets: true}
)

// shown writes statements so that a test can be read: words joined by a blank, strings in
// quotes, names that were quoted in <>.
func shown(s sqltext.Script) string {
	var out []string
	for _, st := range s.Statements {
		var words []string
		for _, t := range st.Tokens {
			switch t.Kind {
			case sqltext.String:
				words = append(words, "'"+t.Text+"'")
			case sqltext.Quoted:
				words = append(words, "<"+t.Text+">")
			default:
				words = append(words, t.Text)
			}
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, " | ")
}

func TestScan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q          sqltext.Quoting
		text, want string
	}{
		{postgres, "a; b;; c", "a | b | c"},
		{postgres, "a 'x;''y' b", "a 'x;'y' b"},
		{postgres, `a E'x\'; b' c`, "a 'x'; b' c"},
		{postgres, `a 'x\'; b`, `a 'x\' | b`},
		{mysql, `a 'x\'; b' c`, "a 'x'; b' c"},
		{mysql, `a "x;y" b`, "a 'x;y' b"},
		{postgres, `a "x;""y" b`, `a <x;"y> b`},
		{postgres, "a -- b;\n c", "a c"},
		{mysql, "a # b;\n c", "a c"},
		{postgres, "a # b;\n c", "a # b | c"},
		{postgres, "a /* b /* c */ ; */ d", "a d"},
		{mysql, "a /* b /* c */ ; d", "a | d"},
		{mysql, "/*!40101 SET x = 1 */;", "SET x = 1 * /"},
		{postgres, "a $$ b; $x$ c; $$ d", "a ' b; $x$ c; ' d"},
		{postgres, "a $x$ b; $$ c; $x$ d", "a ' b; $$ c; ' d"},
		{postgres, "a $1 b", "a $ 1 b"},
		{sqlite, "a [x;y] b", "a <x;y> b"},
		{postgres, "a[1]; b", "a [ 1 ] | b"},
		{mysql, "a `x;y`; b", "a <x;y> | b"},
		{sqlite, "create trigger t begin a; case when b then c end; end; d", "create trigger t begin a ; case when b then c end ; end | d"},
		{mysql, "delimiter //\ncreate procedure p() begin a; end//\ndelimiter ;\nb;", "create procedure p ( ) begin a ; end | b"},
		{mysql, "create procedure p() begin if a then b; end if; c; end; d", "create procedure p ( ) begin if a then b ; end if ; c ; end | d"},
		{postgres, "create table event (begin int); b", "create table event ( begin int ) | b"},
		{postgres, "a 'open; b", "a 'open; b'"},
	} {
		if got := shown(sqltext.Scan(c.text, c.q)); got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a 'x' $$ b $$ /* c */ -- d\n; create trigger t begin e; end;", true, false)
	f.Fuzz(func(t *testing.T, text string, dollar, backslash bool) {
		s := sqltext.Scan(text, sqltext.Quoting{Dollar: dollar, Backslash: backslash, StringDouble: backslash, Brackets: !dollar})
		lines := strings.Count(text, "\n") + 1
		for _, st := range s.Statements {
			if len(st.Tokens) == 0 {
				t.Error("an empty statement")
			}
			for _, tok := range st.Tokens {
				if tok.Line < 1 || tok.Line > lines || tok.Column < 1 {
					t.Errorf("%+v is outside of the text", tok)
				}
			}
		}
	})
}
