// Package load sends requests at a fixed rate and counts what became of each: the
// demo and the end-to-end tests use it to show that a deploy fails no request. It
// tells an error that the service itself answered from one that a balancer made and
// from a connection that broke. It never sends a failed request again.
package load
