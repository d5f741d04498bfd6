// Package runbook understands the RUNBOOK.md of a project: Parse finds its sections, steps
// and commands with their positions, Lint holds them against what the manifest says, Write
// makes a first one, Fill puts a rollout's own names into a section, and Gate and Walk go
// through its steps.
//
// It is for internal/app, which knows the project and runs commands. The package itself
// reads and writes no file, starts no program and reads no clock: what a step runs with is
// a Runner, and what a person says comes from a Person.
package runbook
