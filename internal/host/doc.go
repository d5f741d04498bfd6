// Package host holds the words that slipway and slipway-host say to each other:
// one JSON Request in, one JSON Response out. The wire format is a contract with
// golden files, since a helper may be older or newer than the program that calls it.
//
// The methods write requests and read responses; cmd/slipway-host does the
// opposite through the packages below this one, which nothing else imports. The
// package holds types and their checks only, and does no I/O.
package host
