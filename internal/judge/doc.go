// Package judge compares a canary with its baseline while it runs, and says pass,
// fail, inconclusive or no data, with its reasons in words.
//
// The engine feeds it: New makes a State from a Config, Look takes a Tick (what each
// host did since the last look), Verdict says what is known, Finding says it with reasons,
// and End does when no more looks will come. Ticks of the time before the deploy come first, and
// teach how the hosts differ. It may be looked at any number of times: the chance that
// a release that is not worse is ever called fail stays below Config.Alpha however often and
// however long it is watched, because the evidence is an e-process (see docs/judge.md).
//
// The command line judges recorded ticks again with Replay; package record reads them, and
// package power tells what a canary will be able to see.
//
// The package is pure: ticks in, findings out, and the same ticks always give the same
// findings. It reads no clock (time enters with the tick), keeps no goroutine, and imports
// nothing but the standard library. It never decides what happens after a verdict.
package judge
