// Package cli is the command line of slipway: one file a command, each an options
// struct, its flags, and a run function that knows no cobra.
//
// cmd/slipway calls Main. The package decides nothing about rollouts: it asks app,
// and prints what comes back as text or, with --output json, as the same values.
// One place (exit.go) turns errors into exit codes.
package cli
