// Package releasable decides whether a commit may be released, which version it becomes,
// and what is written about it: the section of the changelog, the message of the tag, and
// the statement of provenance.
//
// It takes values and returns values: app asks git and the sources of statuses, and acts.
// The package runs nothing, reads no file and no clock.
package releasable
