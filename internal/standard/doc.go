// Package standard holds a project to the deployment standard: each rule is a value that
// says what it wants, why, and how to mend what it finds, and Check runs all of them.
//
// It is for internal/app, which collects the facts: the files of the project as an fs.FS,
// the parsed manifest, and what git, the runbook and the built artifact say, as values. The
// package runs no program, asks no network, reads no clock and writes no file. Its results
// are data that it can print as text, JSON and SARIF; the page docs/standard.md is made
// from the same rules.
package standard
