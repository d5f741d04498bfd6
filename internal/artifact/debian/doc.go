// Package debian knows the parts of Debian's package format that need no library:
// version numbers and their order, control files, and the ar container.
//
// Package artifact reads packages with it, and the helper compares versions with it.
// It works on values and readers alone: it opens no file and calls no dpkg.
package debian
