// Package proxy is a small HTTP balancer that answers the part of HAProxy's runtime
// socket that Slipway speaks, in HAProxy's own words. It stands in for HAProxy in
// front of a local fleet, so that the code that moves traffic and reads counters is
// the same there; a test holds its answers against a real HAProxy. It is made for
// demos and tests and serves no production traffic.
package proxy
