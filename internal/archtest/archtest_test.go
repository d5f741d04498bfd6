// Package archtest holds ARCHITECTURE.md as a test: who may import whom, that every
// package says what it is for, and that the pure packages stay pure. It is run with
// the other tests and is imported by nobody.
package archtest

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/slipway-deploy/slipway/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Dir, Name, Doc string
	GoFiles, Imports           []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Name,Doc,GoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImports: an arrow that is not in the list is a design decision; take it in
// ARCHITECTURE.md and here.
func TestImports(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		known[name] = true
		if free(name) || len(p.GoFiles) == 0 {
			continue
		}
		may, listed := allowed[name]
		if !listed {
			t.Errorf("%s is not in archtest's list: say there what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			inside, ok := strings.CutPrefix(imp, module)
			if ok && !slices.Contains(may, inside) {
				t.Errorf("%s imports %s, which it may not", name, inside)
			}
			if pure[name] && !ok && !slices.Contains(pureImports, imp) {
				t.Errorf("%s is pure and imports %s", name, imp)
			}
		}
	}
	for name, may := range allowed {
		for _, n := range append([]string{name}, may...) {
			if !known[n] {
				t.Errorf("archtest lists %s, and there is no such package", n)
			}
		}
	}
}

// TestPackageComments: each package says what it is for, in one place.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		if len(p.Doc) < 30 {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		with := 0
		for _, f := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				with++
			}
		}
		if with > 1 {
			t.Errorf("%s has %d package comments", p.ImportPath, with)
		}
	}
}

// TestPureIsPure: no goroutine, no clock and no init in what only decides.
func TestPureIsPure(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if !pure[strings.TrimPrefix(p.ImportPath, module)] {
			continue
		}
		for _, f := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, f), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if what := impurity(n); what != "" {
					t.Errorf("%s: %s in a pure package", fset.Position(n.Pos()), what)
				}
				return true
			})
		}
	}
}

// impurity names what a pure package may not do, or is empty.
func impurity(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "a goroutine"
	case *ast.FuncDecl:
		if n.Name.Name == "init" && n.Recv == nil {
			return "init"
		}
	case *ast.SelectorExpr:
		x, ok := n.X.(*ast.Ident)
		if ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker", "Tick", "AfterFunc"}, n.Sel.Name) {
			return "time." + n.Sel.Name
		}
	}
	return ""
}
