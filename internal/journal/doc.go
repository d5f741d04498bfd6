// Package journal keeps what happened to rollouts: append-only events, and the
// state made of them. It is the truth: what it holds survives a crash, and what it
// does not hold did not happen.
//
// Open takes the path of a SQLite file (inside the program, no server) or a
// postgres:// URL; schema, statements and tests are the same for both. Append
// writes events, the state they lead to and the commands they cause in one
// transaction. A lease with a fencing token makes one process at a time the owner
// of a rollout: results of commands need the current token, requests of people do
// not, so that an abort can come from anywhere.
//
// engine and app call it. It runs nothing, and decides nothing: rollout.ApplyAll
// does. States that it returns share memory with its cache and are not to be changed.
package journal
