// Package notify tells people and systems outside what a rollout does. Compose makes
// a Message of a plan and a notice, a pure function; a Notifier takes it to one
// channel; a Deliverer empties the journal's outbox beside the engine: one queue a
// channel, in order, again and again until it arrives or a day has gone by.
//
// app builds a Deliverer and runs it while a rollout runs; the command line uses it
// for `slipway notify`. The channels are in chat and marker, and channel opens them.
// Nothing here delays a rollout, changes its course, or puts a secret into an error:
// what cannot be told stays in the outbox.
package notify
