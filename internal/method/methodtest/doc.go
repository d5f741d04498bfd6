// Package methodtest is the one suite that every method of changing hosts passes. It
// brings a small service in two versions, and asks each method for what engine.Method
// promises: one report a host, adopted work, a cancel that leaves nothing, hosts that
// are gone.
//
// The tests of a method open a fleet for it and call Exercise. The package is for
// tests alone.
package methodtest
