// Package metric tells what hosts did since it was last asked: events over exposures
// (errors of requests), histograms (latency) and gauges (memory), a file a source.
//
// app opens the sources that a stage's metrics name (New); the engine asks them while
// a stage bakes and gives what they say to the judge. The package judges nothing. What
// it does not know it says with a gap and a reason, never with zeroes, and a counter
// that began anew is never counted as work that was done.
package metric
