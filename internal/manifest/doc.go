// Package manifest reads slipway.yaml, the file in which a project says what is
// deployed, where, and in which stages.
//
// Every value of the file is described once, in the file of its section, as a
// shape: what is allowed, what it means, what it defaults to. The parser, the
// published JSON Schema, the reference tables of docs/manifest.md and the printed
// effective manifest are all made from those shapes, so that they cannot disagree.
//
// The command line and plan call Parse; what is wrong comes back as *Errors, with
// a line and a column for each problem. The package opens no file, knows no
// environment variable and starts nothing: bytes in, values or problems out.
package manifest
