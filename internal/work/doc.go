// Package work runs the commands of rollouts durably: what was handed to it runs,
// also when the process dies between, and is handed out once at a time.
//
// It is a thin layer over DBOS Transact, kept in a SQLite file of its own or in a
// schema of its own in PostgreSQL. A command is one workflow on the queue of its
// rollout; a process takes only the work of rollouts that it has started, and takes
// up again at once what it was doing when it was killed. engine uses it, through an
// interface that engine declares.
//
// The journal, not this package, says what was done: work that is asked for again
// runs again, and the results that the journal has are not made twice.
package work
