// Package haproxy is a client of HAProxy's runtime socket: on this machine, over
// TCP, or on a balancer through the system's OpenSSH. It reads servers' states,
// statistics and process information, and sets states, weights and health.
//
// traffic uses it to open and close hosts, metric to count their errors; both may
// share one Pool. It knows the socket's words and nothing of rollouts, never edits
// a configuration file, and never reloads a balancer.
package haproxy
