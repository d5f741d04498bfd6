// Package outbox empties the journal's outbox: it takes notices that were written with
// a change of state to the channels that are to be told, one queue a channel, in
// order, and each again until it arrives or a day has gone by.
//
// app starts a Deliverer beside the engine, gives it a short time at the end of a
// rollout, and closes it; `slipway notify deliver` runs one until nothing is left. It
// holds nothing up: what it cannot tell stays in the journal for the next command. A
// message is sent at least once: twice only where the process was killed between
// sending and noting it, or the answer was lost, and the service can neither be asked
// nor told an idempotency key.
package outbox
