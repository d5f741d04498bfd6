// Package judgebench compares judges of a canary: it plays seeded traffic, of healthy
// releases and of bad ones, to Slipway's judge and to its rivals, and counts false alarms,
// what is missed, how long an alarm takes and how many requests are hurt before it. Its
// command is what `make bench-judge` runs, and writes docs/bench-judge.md.
//
// The same seeds give the same page on every machine; only the time of the run differs.
// Every judge sees the same rollouts. It only measures: nothing here is imported by Slipway.
package judgebench
