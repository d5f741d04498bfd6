// Package metric tells what hosts did since it was last asked: events (errors) over
// exposures (requests), one file a source.
//
// app builds the sources that a plan's metrics name, the engine asks them while a
// stage bakes and gives what they say to the judge. The package judges nothing, and
// says "no data" with an error, never with zeroes.
package metric
