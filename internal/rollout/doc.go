// Package rollout decides how a release reaches hosts and how it is taken back.
//
// It is a pure state machine: Decide takes a State and Events and returns the next
// State, the Commands that are to be run, and the Notices that are worth telling. There is no clock, no I/O, no
// goroutine and no randomness in it: time and results arrive as events, ids come
// from a counter in the state, hosts are walked in the plan's order. Equal states
// and events give equal results.
//
// The journal calls Decide, and the engine runs the commands; plan builds a Plan; the command
// line and the pages print States. The package never talks to a host, a balancer
// or a database, and imports nothing but the standard library.
package rollout
