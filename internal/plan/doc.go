// Package plan decides, before anything is touched, what a rollout will do: which
// hosts in which stages and waves, what must hold in between, and how each host
// goes back. Build is a pure function from what is known to a rollout.Plan, or to
// everything that stands in the way; Text prints a plan for people.
//
// The command line gathers the facts and calls it. It reads no file, reaches no
// host, has no clock and changes nothing.
package plan
