// Package artifact reads, checks and keeps what Slipway rolls out: Debian packages
// and gzipped tar archives.
//
// Inspect reads a whole archive and refuses it, with one clear error and nothing
// written, when it holds anything that a release must not hold. Extract unpacks a
// tar.gz under the same rules, and either all of it is there afterwards or nothing.
// Store keeps archives by the digest of their bytes.
//
// The command line, the plan and the standard call it; the helper on a host calls
// Extract. It never runs a program, never uses the network, and never decides where
// a release goes. Making archives is package build's work, so that this package
// stays small enough for the helper.
package artifact
