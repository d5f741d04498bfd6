package standard

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipway-deploy/slipway/internal/manifest"
)

// Report is what a check found.
type Report struct {
	Service  string    `json:"service"`
	Findings []Finding `json:"findings"` // by file and line; waived ones too
	Methods  []Fit     `json:"methods"`  // which method fits each environment, and why

	prefix string
}

// Check runs every rule. The error is for files that cannot be read.
func Check(p Project) (Report, error) {
	if p.File == "" {
		p.File = manifest.Name
	}
	seen, err := scan(p.Files, p.Paths)
	if err != nil {
		return Report{}, err
	}
	l := &look{Project: p, tree: seen, names: map[string]bool{}}
	rules := Rules()
	for _, r := range rules {
		l.rule = r
		if r.check != nil && (p.Releasing || !r.Release) {
			r.check(l)
		}
	}
	return Report{Service: p.Manifest.Service, Findings: sorted(waive(l)), Methods: fits(l), prefix: p.Prefix}, nil
}

// Failed reports whether an error counts.
func (r Report) Failed() bool { return count(r.Findings, Error) > 0 }

// Err is a *Refused with every error that counts, or nil.
func (r Report) Err() error {
	var stop []Finding
	for _, f := range r.Findings {
		if f.Severity == Error && f.Counts() {
			stop = append(stop, f)
		}
	}
	if len(stop) == 0 {
		return nil
	}
	return &Refused{Findings: stop}
}

// look is one run of the rules.
type look struct {
	Project
	tree  tree
	rule  Rule
	names map[string]bool // of units that were written out
	out   []Finding
}

// place is where something is.
type place struct {
	file         string
	line, column int
}

// written is the place of a value of the manifest.
func (l *look) written(path string) place {
	at := l.Manifest.Position(path)
	return place{l.File, at.Line, at.Column}
}

// found notes what the rule found at a place. What a person must do follows the message.
func (l *look) found(at place, mend, format string, args ...any) *Finding {
	l.out = append(l.out, Finding{
		Rule: l.rule.ID, Severity: l.rule.Severity, File: at.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Message: printable(fmt.Sprintf(format, args...)), Mend: printable(mend),
	})
	return &l.out[len(l.out)-1]
}

// printable keeps what stands in files of a project away from the terminal's controls.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, s)
}

// production lists the environments that the rules about stages are for: all that are
// called so, or else all. A fleet on this machine is none. When one environment is deployed
// to, the others are left out.
func (l *look) production() []manifest.Environment {
	var all, called []manifest.Environment
	for _, e := range l.Manifest.Environments {
		if e.Method.Local != nil {
			continue
		}
		all = append(all, e)
		if strings.HasPrefix(e.Name, "prod") || strings.HasPrefix(e.Name, "live") {
			called = append(called, e)
		}
	}
	if len(called) > 0 {
		all = called
	}
	return slices.DeleteFunc(all, func(e manifest.Environment) bool { return l.Environment != "" && e.Name != l.Environment })
}

// has reports whether a stage of a kind is among those of an environment.
func has(e manifest.Environment, k manifest.StageKind) bool {
	return slices.ContainsFunc(e.Stages, func(s manifest.Stage) bool { return s.Kind == k })
}

// exists reports whether a file is in the project.
func (l *look) exists(name string) bool {
	_, err := fs.Stat(l.Files, path.Clean(name))
	return err == nil
}
