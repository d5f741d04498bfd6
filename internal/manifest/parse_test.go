package manifest

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; look at each changed line, then run with -update.\ngot:\n%s", path, got)
	}
}

// wrong is one manifest that is refused. An archive of testdata/wrong holds the
// file and the exact error; its comment names what only the parser can see.
type wrong struct {
	name       string
	archive    *txtar.Archive
	file       []byte
	parserOnly bool
}

func wrongs(t testing.TB) []wrong {
	t.Helper()
	paths, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(paths) < 25 {
		t.Fatalf("%d wrong manifests, %v; want at least 25", len(paths), err)
	}
	var all []wrong
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil || len(a.Files) != 2 {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, wrong{
			name:       strings.TrimSuffix(filepath.Base(path), ".txtar"),
			archive:    a,
			file:       a.Files[0].Data,
			parserOnly: strings.HasPrefix(string(a.Comment), "only the parser sees this: "),
		})
	}
	return all
}

// TestWrong holds every wrong manifest to its exact message.
func TestWrong(t *testing.T) {
	t.Parallel()
	for _, w := range wrongs(t) {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			m, err := Parse(Name, w.file)
			var all *Errors
			if m != nil || !errors.As(err, &all) || len(all.Problems) == 0 {
				t.Fatalf("got %v, %v; want no manifest and *Errors", m, err)
			}
			for _, p := range all.Problems {
				if p.File != Name || p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Errorf("a problem has no place or no message: %+v", p)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a variable is shown: %v", err)
			}
			w.archive.Files[1].Data = []byte(err.Error() + "\n")
			golden(t, filepath.Join("testdata/wrong", w.name+".txtar"), txtar.Format(w.archive))
		})
	}
}

// valids are the manifests that are accepted.
func valids(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/valid/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("../../examples/*/slipway.yaml")
	if err != nil || len(examples) < 3 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	all := map[string][]byte{}
	for _, path := range append(paths, examples...) {
		if all[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestEffective prints each valid manifest with its defaults, and reads that again.
func TestEffective(t *testing.T) {
	t.Parallel()
	for path, data := range valids(t) {
		t.Run(filepath.Base(filepath.Dir(path))+"-"+filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			m, err := Parse(Name, data)
			if err != nil {
				t.Fatal(err)
			}
			out, err := m.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(path, "testdata") {
				golden(t, strings.TrimSuffix(strings.Replace(path, "valid", "effective", 1), ".yaml")+".yaml", out)
			}
			same(t, m, out)
		})
	}
}

// same fails when a printed manifest is not read as the one it was printed from.
func same(t *testing.T, m *Manifest, out []byte) {
	t.Helper()
	again, err := Parse(Name, out)
	if err != nil {
		t.Fatalf("the effective manifest is not valid: %v\n%s", err, out)
	}
	want, got := *m, *again
	want.at, got.at = nil, nil
	for i := range want.Environments {
		want.Environments[i].Written = true
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("the effective manifest is another one.\nwant %+v\ngot  %+v\n%s", want, got, out)
	}
}

// TestFiveLines: the smallest file says all that is needed.
func TestFiveLines(t *testing.T) {
	t.Parallel()
	data := valids(t)["testdata/valid/five-lines.yaml"]
	if n := strings.Count(string(data), "\n"); n != 5 {
		t.Fatalf("the file has %d lines", n)
	}
	m, err := Parse(Name, data)
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.Environment("")
	if err != nil {
		t.Fatal(err)
	}
	if e.Method.Ansible.Hosts != "checkout" || len(e.Stages) != 3 || e.Stages[1].Bake.Most != 15*time.Minute {
		t.Errorf("got %+v", e)
	}
	if m.Units[0] != "checkout.service" || m.Artifact.Deb.Package != "checkout" {
		t.Errorf("got units %v and package %q", m.Units, m.Artifact.Deb.Package)
	}
}

// TestPosition tells where values are written.
func TestPosition(t *testing.T) {
	t.Parallel()
	m, err := Parse(Name, valids(t)["testdata/valid/everything.yaml"])
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Position{
		"service":                            {2, 10},
		"environments.production.stages[1]":  {55, 9},
		"environments.production.stages[2]":  {56, 9},
		"environments.production.budget":     {42, 13},
		"environments.staging.budget":        {24, 5},
		"environments.production.stages[99]": {47, 7},
		"no.such.key":                        {1, 1},
	} {
		if got := m.Position(path); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}

// TestEnvironment finds environments, or says which there are.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	m, err := Parse(Name, valids(t)["testdata/valid/everything.yaml"])
	if err != nil {
		t.Fatal(err)
	}
	if e, err := m.Environment("qa"); err != nil || e.Method.Local == nil {
		t.Errorf("got %v, %v", e, err)
	}
	for name, want := range map[string]string{
		"":     "no environment given: slipway.yaml has staging, qa, production; name one with --env",
		"prod": `no environment "prod" in slipway.yaml: it has staging, qa, production; name one of them with --env`,
	} {
		if _, err := m.Environment(name); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
}

// TestMultiplied: aliases that multiply are refused, and soon.
func TestMultiplied(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("service: x\nartifact: {deb: {}}\nenvironments:\n  a:\n    method: {ansible: {inventory: i}}\n    stages:\n      - internal: {checks: &c [")
	b.WriteString(strings.Repeat("{http: 'http://:1/'},", 3000) + "]}\n")
	b.WriteString("      - canary: &k {bake: 1s, checks: *c}\n" + strings.Repeat("      - canary: *k\n", 3000) + "      - complete:\n")
	if _, err := Parse(Name, []byte(b.String())); err == nil || !strings.Contains(err.Error(), "too many values") {
		t.Errorf("got %.200v", err)
	}
	if _, err := Parse(Name, make([]byte, largest+1)); err == nil || !strings.Contains(err.Error(), "at most 262144 bytes") {
		t.Errorf("got %.200v", err)
	}
}
