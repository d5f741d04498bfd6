package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slipway-deploy/slipway/internal/cli"
	"github.com/slipway-deploy/slipway/internal/host/binary"
	"github.com/slipway-deploy/slipway/lab/pack"
)

// wrong is one wrong input.
type wrong struct {
	what  string            // what is wrong, a row of the table
	line  string            // the command line; '' is an empty argument
	files map[string]string // of the project, besides those that all cases share
	needs string            // a program, or the helper, without which it says something else
	words bool              // others' words, or sizes of what Go compressed, are in the message: not compared
}

// chapter is one table.
type chapter struct {
	title, about string
	least        int // rows
	cases        []wrong
}

const badInputDoc = "../../docs/bad-input.md"

// TestBadInput runs each wrong input through the whole program, in a project with a
// release in its store, and holds docs/bad-input.md to what it says. Nothing may be
// changed by any of them, and none may end in a stack trace.
func TestBadInput(t *testing.T) {
	t.Parallel()
	whole(t)
	before, err := os.ReadFile(badInputDoc)
	if err != nil && !*update {
		t.Fatal(err)
	}
	state := t.TempDir()
	keepRelease(t, state)
	chapters := badInput(t)
	rows := map[string]*string{}
	t.Run("cases", func(t *testing.T) {
		for _, ch := range chapters {
			for _, w := range ch.cases {
				if rows[w.what] != nil {
					t.Fatalf("%q is there twice", w.what)
				}
				row := new(string)
				rows[w.what] = row
				t.Run(w.what, func(t *testing.T) {
					t.Parallel()
					*row = rowBefore(string(before), w)
					if lacks := missing(w.needs); lacks != "" {
						t.Skipf("there is no %s here: the row stays as it was", lacks)
					}
					if now := w.row(t, state); *update || !w.words {
						*row = now
					}
				})
			}
		}
	})
	text := badInputText(t, chapters, rows)
	switch {
	case t.Failed() || text == string(before):
	case *update:
		if err := os.WriteFile(badInputDoc, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not up to date: read each changed message, then go test ./internal/cli -run TestBadInput -update\n%s", badInputDoc, text)
	}
}

// keepRelease fills a state directory as it is after a release was built.
func keepRelease(t *testing.T, state string) {
	t.Helper()
	dir := project(t, wrong{files: map[string]string{
		"checkout_1.0.0_all.tar.gz":  targz(file("bin/checkout", "#!/bin/sh\n")),
		"billing_1.0.0_armhf.tar.gz": targz(file("bin/billing", "#!/bin/sh\n")),
		"checkout_1.0.0_all.deb":     deb(control, file("./usr/bin/checkout", "#!/bin/sh\n")),
	}})
	for _, line := range []string{
		"build 1.0.0 --import checkout_1.0.0_all.tar.gz",
		"build 1.0.0 --file billing.yaml --import billing_1.0.0_armhf.tar.gz",
		"build 1.0.0 --file deb.yaml --import checkout_1.0.0_all.deb",
	} {
		if code, _, errs := callIn(t, dir, state, line); code != 0 {
			t.Fatalf("%s: %s", line, errs)
		}
	}
}

// project makes the project of a case: files with a name that ends in / are
// directories, and a file without content is taken away.
func project(t *testing.T, w wrong) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "checkout")
	files := sharedFiles()
	for name, text := range w.files {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case text != "":
			err = put(path, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func callIn(t *testing.T, dir, state, line string) (code int, out, errs string) {
	t.Helper()
	args := strings.Fields(line)
	for i := range args {
		if args[i] == "''" {
			args[i] = ""
		}
	}
	env := map[string]string{"SLIPWAY_STATE": state, "SLIPWAY_USER": "tester@desk"}
	var o, e bytes.Buffer
	code = cli.Run(t.Context(), args, cli.Env{
		In: strings.NewReader(""), Out: &o, Err: &e, Dir: dir, Now: time.Now,
		Getenv: func(name string) string { return env[name] },
	})
	return code, o.String(), e.String()
}

// row runs the case and returns its row.
func (w wrong) row(t *testing.T, kept string) string {
	dir, state := project(t, w), filepath.Join(t.TempDir(), "state")
	if err := errors.Join(os.CopyFS(state, os.DirFS(kept)), os.Chmod(filepath.Join(state, "journal.db"), 0o600)); err != nil {
		t.Fatal(err) // CopyFS opens to others what the journal keeps to its owner
	}
	was := [2]string{digestOf(t, dir), digestOf(t, state)}
	code, out, errs := callIn(t, dir, state, w.line)
	if now := [2]string{digestOf(t, dir), digestOf(t, state)}; now != was {
		t.Errorf("it changed something.\nproject before\n%s\nafter\n%s\nstate before\n%s\nafter\n%s", was[0], now[0], was[1], now[1])
	}
	if out != "" {
		t.Errorf("it printed %q as if it had worked", out)
	}
	if code != 2 && code != 3 {
		t.Errorf("exit code %d, want 2 (wrong) or 3 (refused)", code)
	}
	if !strings.HasPrefix(errs, "slipway: ") || strings.Count(errs, "slipway: ") != 1 {
		t.Errorf("it is not one message: %s", errs)
	}
	for _, trace := range []string{"goroutine", "panic", ".go:", "nil pointer", "runtime error", "%!"} {
		if strings.Contains(errs, trace) {
			t.Errorf("the message holds %q: %s", trace, errs)
		}
	}
	errs = strings.NewReplacer(dir, "PROJECT", state, "STATE", "architecture "+pack.Arch(), "architecture amd64").Replace(errs)
	errs = regexp.MustCompile(`sha256:[0-9a-f]{64}`).ReplaceAllString(errs, "sha256:DIGEST")
	return fmt.Sprintf("| %s | `slipway %s` | <pre>%s</pre> | %d |\n", w.what, w.line, cell(errs), code)
}

// cell is a message of several lines in a cell of a table.
func cell(s string) string {
	s = html.EscapeString(strings.TrimSuffix(s, "\n"))
	return strings.NewReplacer("\n", "<br>", "|", "&#124;", "&#34;", `"`, "&#39;", "'", "*", "&#42;", "_", "&#95;").Replace(s)
}

// rowBefore is the row of a case in the table as it is.
func rowBefore(text string, w wrong) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| "+w.what+" | ") {
			return line
		}
	}
	return ""
}

// missing names what a case needs and this machine has not, or "".
func missing(needs string) string {
	if needs == helper {
		if _, err := binary.For(pack.Arch()); err != nil {
			return helper
		}
		return ""
	}
	if _, err := exec.LookPath(needs); needs != "" && err != nil {
		return needs
	}
	return ""
}

// digestOf lists a directory: names, modes, and what is in the files. A host that was
// asked what it runs keeps the helper, and empty directories for what it remembers:
// these are left out, and files in them are not.
func digestOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".slipway" {
			return fs.SkipDir
		}
		if d.IsDir() && strings.Contains(name, "/var/lib/slipway") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := ""
		if d.Type().IsRegular() {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			digest := sha256.Sum256(content)
			sum = hex.EncodeToString(digest[:])
		}
		_, err = fmt.Fprintf(&b, "%v %s %s\n", info.Mode(), name, sum)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// badInputText is the whole document.
func badInputText(t *testing.T, chapters []chapter, rows map[string]*string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, badInputHead, len(rows))
	for _, ch := range chapters {
		if len(ch.cases) < ch.least {
			t.Errorf("%s: %d cases, want at least %d", ch.title, len(ch.cases), ch.least)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| what is wrong | command | message | exit code |\n|---|---|---|---|\n", ch.title, ch.about)
		for _, w := range ch.cases {
			b.WriteString(*rows[w.what])
		}
	}
	return b.String()
}

const badInputHead = `# Bad input

<!-- Made by: go test ./internal/cli -run TestBadInput -update -->

What Slipway says to %d wrong inputs, word for word. Each was given to the whole program, in a project that
has one release (1.0.0) in its store; none of them changed anything, in the project or in the store and the
journal. (A host that was asked what it runs keeps the helper and an empty directory of its own, for the next
time.) PROJECT stands for its directory, DIGEST for a digest. Exit code 2 is wrong usage or
configuration, 3 is a refusal by a gate ([cli.md](cli.md)).
`
