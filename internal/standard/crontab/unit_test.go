package crontab

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wellFormed fails when a line of a unit is not a comment, a section or a setting: what
// stands in a crontab must not become a setting of its own.
func wellFormed(t interface{ Errorf(string, ...any) }, u Unit) {
	known := " Description After Type User WorkingDirectory Environment ExecStart StandardInput StandardInputText StandardInputData Restart OnCalendar AccuracySec Persistent WantedBy "
	for line := range strings.Lines(u.Text) {
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, "=")
		plain := !strings.ContainsAny(line, "\x00\r\n") && !strings.HasSuffix(value, `\`) || strings.HasSuffix(value, `\\`)
		if line != "" && line[0] != '#' && line[0] != '[' && (!plain || !strings.Contains(known, " "+name+" ")) {
			t.Errorf("%s has the line %q", u.Name, line)
		}
	}
}

func value(t *rapid.T, u Unit, name string) []string {
	var all []string
	for line := range strings.Lines(u.Text) {
		if v, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"="); ok {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		t.Fatalf("no %s in\n%s", name, u.Text)
	}
	return all
}

// read undoes the escapes as systemd.syntax(7) and systemd.unit(5) have them.
func read(t *rapid.T, s string, command bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\\', '"':
				b.WriteByte(s[i])
			default:
				t.Fatalf("escape %q in %q", s[i], s)
			}
		case s[i] == '%' || s[i] == '$' && command:
			if i+1 >= len(s) || s[i+1] != s[i] {
				t.Fatalf("a lone %q in %q", s[i], s)
			}
			b.WriteByte(s[i])
			i++
		case s[i] == '"':
			t.Fatalf("a bare quote in %q", s)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// TestQuoting: whatever a command, a variable and standard input hold, systemd reads what
// cron would have run.
func TestQuoting(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.SampledFrom([]rune(`ab $%"'\{};&|~ü`+"\t")), 1, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		j := Job{Shell: "/bin/sh", Command: "x" + text.Draw(t, "command"), Env: []Variable{{"A", text.Draw(t, "value")}}}
		for range rapid.IntRange(0, 3).Draw(t, "lines") {
			j.Input += text.Draw(t, "line") + "\n"
		}
		unit := j.Units("job", "here", "app")[0]
		wellFormed(t, unit)
		command := value(t, unit, "ExecStart")[0]
		command = strings.TrimSuffix(strings.TrimPrefix(command, `/bin/sh -c "`), `"`)
		if got := read(t, command, true); got != j.Command {
			t.Fatalf("command %q became %q", j.Command, got)
		}
		env := value(t, unit, "Environment")
		if got := read(t, strings.Trim(env[len(env)-1], `"`), false); !strings.HasSuffix(env[len(env)-1], `\""`) && got != "A="+j.Env[0].Value {
			t.Fatalf("variable %q became %q", j.Env[0].Value, got)
		}
		if got := input(t, unit); got != j.Input {
			t.Fatalf("input %q became %q", j.Input, got)
		}
	})
}

// input is what a unit's settings of standard input make.
func input(t *rapid.T, u Unit) string {
	var b strings.Builder
	for line := range strings.Lines(u.Text) {
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "StandardInputText="); ok {
			if v != strings.TrimSpace(v) {
				t.Fatalf("systemd strips the spaces of %q", v)
			}
			b.WriteString(read(t, v, false) + "\n")
		}
		if v, ok := strings.CutPrefix(line, "StandardInputData="); ok {
			data, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	return b.String()
}

// TestVerified: systemd itself finds no fault with what is written.
func TestVerified(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	const text = `MAILTO=ops@example.com
PATH=/usr/bin:/bin
NOTE=50 % of "it" \ $HOME
CRON_TZ=Europe/Paris
30 4 1,15 * 5 root [ -x /bin/true ] && echo "100\% $(date +\%F) \\ 'x'" | cat%first line%  indented "quoted" 5 percent%%last
@reboot daemon /bin/sleep 1000 &
`
	dir := t.TempDir()
	args := []string{"verify", "--man=no", "--recursive-errors=no"}
	for i, j := range File([]byte(text), System) {
		for _, u := range j.Units([]string{"close", "agent"}[i], "etc/cron.d/ledger", "app") {
			path := filepath.Join(dir, u.Name)
			if err := os.WriteFile(path, []byte(u.Text), 0o644); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	if len(args) != 6 {
		t.Fatalf("wrote %d units, want 3", len(args)-3)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, dir) {
			t.Errorf("systemd says: %s", line)
		}
	}
	if err != nil {
		t.Logf("systemd-analyze verify: %v\n%s", err, out) // it may find fault with the units of this machine
	}
}
