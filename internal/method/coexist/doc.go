// Package coexist adds the project's coexistence test to a way of changing hosts: when the
// checks of the first stage have passed on a host, the command of the plan is run on this
// machine with that host and one that still runs the old version.
//
// The application wraps the method of a plan in it, and the engine knows it as a method. It
// changes no host, and asks old ones only for their facts.
package coexist
